package zonda.storage;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import zonda.base.Json;
import zonda.base.OpException;

/**
 * What pools are made of: how one comes to be on its devices, is mounted, and goes. What it keeps for itself, its store
 * of records above all, lies in its top, a directory that is mounted out of everybody's way.
 */
interface PoolMedium {
    /** Whether the pool is on its devices. Of an embedded pool only its file is known. */
    boolean exists(PoolConfig config);

    /** @throws OpException FAILED naming what this host lacks */
    void requireHost();

    /** Makes an empty pool; it is not mounted when this returns. Nothing is left of it when it fails. */
    void format(PoolConfig config);

    /** The pool, whose top is mounted, was imported under another name than it had. */
    void rename(PoolConfig config);

    /** Mounts the top, or finds it mounted by an earlier daemon. */
    MountedTop mount(PoolConfig config);

    /** Prepares the mounted top of a pool that was just formatted for {@link #driver}. */
    void prepare(Path top);

    /** On a pool whose top is mounted. */
    PoolDriver driver(PoolConfig config, RecordStore records);

    /** Keeps what tells this pool from others, by which it is found again when its devices have other names. */
    void remember(PoolConfig config, Path top);

    /** @param whenChanged hears of each */
    Scrubbing scrubs(PoolConfig config, InstantSource clock, Consumer<Scrub> whenChanged);

    /** @param whenChanged gets a class of zpool-events(8) and its details */
    PoolDevices devices(PoolConfig config, InstantSource clock, BiConsumer<String, Json.Obj> whenChanged);

    /** What the operator should know of a pool that was just mounted. */
    List<String> findings(PoolConfig config, PoolDriver driver, MountedTop top);

    /** Lets go of a pool whose top is not mounted any more; fine when it was never held. */
    void release(PoolConfig config);

    /** Makes that nothing takes the devices for a pool any more, nor for what was on them before. @param members that are there */
    void wipe(PoolConfig config, List<Path> members);
}
