/**
 * Speaks OCI: references, registries (distribution-spec 1.1), image layouts and {@code docker save} archives, manifests
 * and configurations (image-spec 1.1, and Docker's image manifest version 2, schema 2).
 *
 * <p>Nothing is used before its digest was checked, except that an archive is trusted to be as its maker made it where
 * the format has no digests (the older {@code docker save}).
 *
 * <p>Threads: everything on the caller's. A {@link zonda.images.oci.Registry} may be used by several at a time.
 *
 * <p>It unpacks nothing, and builds and pushes nothing.
 */
package zonda.images.oci;
