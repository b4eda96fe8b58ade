package zonda.vm;

import java.util.Collection;
import java.util.Optional;
import java.util.OptionalInt;
import zonda.base.Json;

/** What a payload is checked against: the host as it is now. */
public interface Surroundings {
    boolean poolExists(String name);

    /** Whether the pool, or one with VMs when none is named, stores files in records of a size. */
    boolean hasRecords(Optional<String> pool);

    boolean nicTagExists(String name);

    /** The largest frame of the tag's links; empty when nothing limits it. */
    OptionalInt nicTagMtu(String name);

    /** The manifest of an image installed in the pool. */
    Optional<Json.Obj> image(String uuid, String pool);

    /** The configurations of all VMs. */
    Collection<VmConfig> vms();
}
