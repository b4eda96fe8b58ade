package zonda.vm;

import java.nio.file.Path;
import java.util.Optional;
import zonda.storage.Datasets;

/** The pools that VMs can be in; they come and go while the host runs. */
public interface VmPools {
    /** The datasets of a pool that is open. */
    Optional<Datasets> find(String name);

    /** Where the pool's root dataset is mounted, or would be if the pool were there. */
    Path mountpoint(String name);
}
