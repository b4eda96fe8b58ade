package zonda.commands;

import java.util.Optional;
import zonda.storage.DatasetProperty;

/** How whoever asks sees the properties of datasets. */
@FunctionalInterface
interface ZfsView {
    /** As they are. */
    ZfsView OF_THE_HOST = (_, property) -> Optional.of(property);

    /** What is shown of a dataset's property; nothing when it is none of the caller's concern. */
    Optional<DatasetProperty> seen(String dataset, DatasetProperty property);
}
