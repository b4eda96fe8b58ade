package zonda.storage;

import java.nio.file.Path;
import java.util.List;
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

    /** Mounts the top, or finds it mounted by an earlier daemon. */
    MountedTop mount(PoolConfig config);

    /** Prepares the mounted top of a pool that was just formatted for {@link #driver}. */
    void prepare(Path top);

    /** On a pool whose top is mounted. */
    PoolDriver driver(PoolConfig config, RecordStore records);

    /** What the operator should know of a pool that was just mounted. */
    List<String> findings(PoolConfig config, PoolDriver driver, MountedTop top);

    /** Lets go of a pool whose top is not mounted any more; fine when it was never held. */
    void release(PoolConfig config);

    /** Makes that nothing takes the devices for a pool any more, nor for what was on them before. */
    void wipe(PoolConfig config);
}
