/**
 * Where zones come from: imgadm(8).
 *
 * <p>An image is a manifest and a dataset of the pool whose {@code root/} holds a Linux root filesystem, owned by plain
 * ids (0 is root; a zone gets an idmapped mount of its clone). They come from OCI registries and archives, from IMGAPI
 * servers, from a tar file, or are made here from the host's own Debian sources or its busybox.
 *
 * <p>An image is installed or isn't: its dataset is filled under another name, then sealed by a snapshot, then renamed,
 * as a saga in the journal whose steps recovery completes or takes back. The record in {@code /var/imgadm/images} is
 * written last.
 *
 * <p>Threads: everything runs on the caller's, which may be virtual; unpacking moves itself to a platform thread, and
 * downloads have virtual threads of their own. Lock order: the import lock of one image (flock(2) of {@code
 * /var/run/img.UUID.import.lock}, with a lock in this process), then nothing else.
 *
 * <p>It is not the pool: datasets are behind {@link zonda.images.ImageStore}. ZFS streams are taken apart by {@link zonda.zstream}.
 */
package zonda.images;
