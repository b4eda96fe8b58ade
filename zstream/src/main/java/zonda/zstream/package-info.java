/**
 * ZFS send streams, read and written without ZFS: what {@code zfs send} and {@code zfs receive} of zfs-send(8) and
 * zfs-receive(8) exchange, and what SmartOS' images are made of.
 *
 * <p>{@link zonda.zstream.SendStream} opens a stream; {@link zonda.zstream.FilesystemReceiver} makes a tree of files of
 * it, {@link zonda.zstream.VolumeReceiver} a raw file. {@link zonda.zstream.FilesystemSender} and {@link
 * zonda.zstream.VolumeSender} go the other way. Incremental streams speak of objects by their numbers, so whoever
 * receives or sends keeps the {@link zonda.zstream.ObjectMap} that comes of it with the tree. Formats are those of
 * sys/zfs_ioctl.h, sys/zap_impl.h, sys/zap_leaf.h, sys/sa_impl.h, sys/zfs_sa.h and sys/zfs_znode.h.
 *
 * <p>A stream is taken from anybody. No number in it is used before it was compared with its limit, checksums are
 * compared up to the END before anything of it is visible, names are only ever used in an open directory, and whatever
 * is wrong ends in a {@link zonda.zstream.StreamException} that names the byte or the object.
 *
 * <p>Threads: everything runs on the caller's, which should be a platform thread, and is confined to it; an {@code
 * ObjectMap} may be used by any. There are no locks.
 *
 * <p>How the stages follow each other in a receive: {@code RecordReader} → {@code ObjectIntake} (into an {@code
 * ObjectTable}, and content of files into {@code Staging}) → {@code TreePlan} → {@code TreeChange} → {@code
 * TreeRestorer}. In a send: {@code TreeWalk} → {@code Matching} → {@code TableBuilder} → {@code TableSender} → {@code
 * RecordWriter}.
 *
 * <p>Streams for a test against ZFS itself are written by {@code StreamFiles} of this module's tests into a directory:
 * for each NAME of the file {@code list}, {@code NAME.zs} is a stream. A line of {@code list} is {@code NAME KIND ORIGIN}:
 * the kind is filesystem or volume, the origin the name of the stream that must be received before, or {@code -}. What
 * must be there after it is, of a filesystem, a {@code Listing}; of a volume, {@code NAME.sha256} has its sum.
 *
 * <p>It is not a pool and not a dataset: it knows no names but those in streams, no properties but those it passes on,
 * and never mounts.
 */
@org.jspecify.annotations.NullMarked
package zonda.zstream;
