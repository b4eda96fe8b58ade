package zonda.vm;

import java.util.Set;
import java.util.UUID;

/** What the guests of VMs have done by the host. */
public interface GuestCommands {
    /**
     * Listens to a VM, in the directory of its metadata socket; one that is listened to already is listened to anew.
     *
     * @param rootUid the host's id of the zone's root, who alone may ask
     * @param tools what it may ask for; the others are not listened to
     */
    void serve(UUID uuid, long rootUid, Set<GuestTool> tools);

    /** Listens no longer; fine when it doesn't. */
    void stop(UUID uuid);
}
