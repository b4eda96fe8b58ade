package zonda.vm;

import java.util.UUID;

/** What the guests of VMs have done by the host: zfs(8) on the dataset that is delegated to them. */
public interface GuestCommands {
    /**
     * Listens to a VM, in the directory of its metadata socket; one that is listened to already is listened to anew.
     *
     * @param rootUid the host's id of the zone's root, who alone may ask
     */
    void serve(UUID uuid, long rootUid);

    /** Listens no longer; fine when it doesn't. */
    void stop(UUID uuid);
}
