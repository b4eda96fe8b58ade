/**
 * Unpacks archives that nobody trusts: tar in its usual forms and compressions, and the layers of OCI images with their
 * whiteouts (image-spec, "Image Layer Filesystem Changeset").
 *
 * <p>Nothing outside the target directory is touched, whatever the archive says: every name is split into components,
 * {@code ..} is refused, and each is worked on relative to an open directory by calls that either don't follow symbolic
 * links or resolve them inside the target ({@link zonda.kernel.Directory}). Sizes are believed only as far as there is
 * content, and what is written is bounded by the free space of the pool.
 *
 * <p>Threads: decompression runs ahead on a thread of its own per archive; everything else on the caller's, which
 * should be a platform thread, since it makes one file system call after another. No locks.
 *
 * <p>It is not tar(1): it has no options, and device nodes are left out (a zone gets its devices from its runtime).
 */
package zonda.images.tar;
