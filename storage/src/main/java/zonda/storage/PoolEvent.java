package zonda.storage;

import java.time.Instant;
import zonda.base.Json;

/**
 * Something that has happened to a pool: zpool-events(8).
 *
 * @param kind its class, as OpenZFS names them: {@code ereport.fs.zfs.checksum}, {@code sysevent.fs.zfs.scrub_start}
 * @param details what else is known, by the names of OpenZFS where it has them
 */
public record PoolEvent(Instant when, String pool, String kind, Json.Obj details) {}
