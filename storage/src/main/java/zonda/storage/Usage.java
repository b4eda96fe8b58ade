package zonda.storage;

import java.util.Optional;
import zonda.base.Bytes;

/**
 * The space of a dataset.
 *
 * @param used by it, its snapshots and the datasets below it; a clone doesn't pay for what its origin wrote
 * @param available until the nearest of its quota, its ancestors' quotas and the end of the pool
 */
public record Usage(Bytes used, Optional<Bytes> quota, Bytes available) {}
