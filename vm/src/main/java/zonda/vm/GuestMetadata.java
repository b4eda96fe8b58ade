package zonda.vm;

import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Supplier;
import zonda.base.Json;

/** The metadata service of each VM that runs: what answers mdata-get(8) inside. */
public interface GuestMetadata {
    /**
     * Serves a VM; nothing happens when it is served already.
     *
     * @param idBase the host's id of the zone's root, who may connect
     * @param vm the VM as it is when it is asked for
     * @param guest where what the guest writes goes
     */
    void serve(UUID uuid, long idBase, Supplier<Json.Obj> vm, GuestWrites guest);

    void stop(UUID uuid);

    /** The directory that holds the VM's socket; the zone sees it. */
    Path directory(UUID uuid);

    /** What a guest does: it asks, and it may change its VM's customer metadata. */
    interface GuestWrites {
        /** It has asked for something, or changes something. */
        void asked();

        void put(String key, String value);

        void delete(String key);
    }
}
