package zonda.storage;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** How datasets get to the places that their names and properties say. */
interface Mounting {
    /** Whether the dataset was mounted when this service last had to do with it. */
    boolean isMounted(Guid dataset);

    /** Whether the dataset is what one sees at the path. */
    boolean isMounted(Guid dataset, Path target);

    /** Mounts the dataset; fine when it is mounted there. */
    void mount(Guid dataset, Path target);

    /**
     * Unmounts the dataset; fine when it isn't mounted there. The directory stays.
     *
     * @throws zonda.base.OpException CONFLICT naming who uses it
     */
    void unmount(Guid dataset, DatasetName name, Path target);

    /** Who has one of the datasets mounted, in whatever namespace, other than at the path given in ours. */
    Optional<Holder> otherHolder(List<Guid> datasets, Optional<Path> own);

    /** @throws zonda.base.OpException CONFLICT naming who has one of the datasets mounted, in whatever namespace */
    void refuseOtherHolder(String verb, DatasetName name, List<Guid> datasets);

    /** @throws zonda.base.OpException CONFLICT naming who uses the volume, in whatever namespace */
    void refuseUser(String verb, DatasetName name, Guid volume);
}
