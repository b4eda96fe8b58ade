package zonda.dtrace.code;

/**
 * The zone that a program is compiled for. Such a program does nothing but for threads of that zone, and neither reads the
 * kernel's memory nor shows its addresses, whatever is written in D.
 *
 * @param zone its name, as zonename has it
 * @param userNamespace the inode number of its user namespace
 * @param level how many PID namespaces are above its own
 * @param firstId the host's number of its root; the zone's users are those from there on
 * @param ids how many users it has
 */
public record Confinement(String zone, long userNamespace, int level, long firstId, long ids) {
    /**
     * Addresses of the program's own memory, as D sees them in a zone, are offsets from this, which no address of the
     * kernel's or of a process is.
     */
    static final long OWN_MEMORY = 0x7a6f6e65_0000_0000L;

    /** Who the kernel says something belongs to, when it is nobody of the zone's. */
    static final int NOBODY = 65534;
}
