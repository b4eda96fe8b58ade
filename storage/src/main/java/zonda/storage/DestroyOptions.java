package zonda.storage;

/**
 * How far a destroy goes, zfs-destroy(8).
 *
 * @param recursive also what is below a dataset, or the snapshots of the same names of the datasets below
 * @param clones also clones of what goes, wherever they are
 * @param deferred of snapshots: those that are held or have clones go when these have gone
 */
public record DestroyOptions(boolean recursive, boolean clones, boolean deferred) {
    public static final DestroyOptions ALONE = new DestroyOptions(false, false, false);
    public static final DestroyOptions RECURSIVE = new DestroyOptions(true, false, false);

    public DestroyOptions {
        recursive = recursive || clones;
    }
}
