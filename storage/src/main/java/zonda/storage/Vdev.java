package zonda.storage;

/**
 * A device of a pool, zpoolconcepts(7).
 *
 * @param path of the device or file; a number where the device is missing
 * @param readErrors reads that failed, since the counters were last cleared
 * @param writeErrors writes and flushes that failed
 * @param checksumErrors blocks that were not what was written, or were of another time
 */
public record Vdev(String path, boolean missing, long readErrors, long writeErrors, long checksumErrors) {}
