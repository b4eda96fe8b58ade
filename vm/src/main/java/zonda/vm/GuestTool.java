package zonda.vm;

/** A command of a VM's guest that the host carries out for it. */
public enum GuestTool {
    /** zfs(8) on the dataset that is delegated to the VM. */
    ZFS,
    /** dtrace(8) of what the VM does. */
    DTRACE
}
