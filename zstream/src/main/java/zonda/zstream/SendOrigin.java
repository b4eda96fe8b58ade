package zonda.zstream;

import zonda.kernel.Directory;

/**
 * What an incremental stream is incremental to.
 *
 * @param map of the snapshot
 * @param tree of the snapshot, or for a volume the directory that has its file
 * @param snapshot the snapshot's name, what follows the {@code @}
 */
public record SendOrigin(ObjectMap map, Directory tree, String snapshot) {}
