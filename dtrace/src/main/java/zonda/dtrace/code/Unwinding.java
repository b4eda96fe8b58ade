package zonda.dtrace.code;

/**
 * The form of the table by which programs get from frame to frame of a process: some processes, and rows in the order of
 * their addresses.
 */
public final class Unwinding {
    /** Processes that may have rows; others are walked by their frame pointers. */
    public static final int MOST_PROCESSES = 8;

    /** A process in the table: u64 number, first row, rows. */
    public static final int PROCESS_SIZE = 24;

    /** Where the rows begin, each of them u64 address, s32 end, s16 rbp, u8 rule, u8 nothing. */
    public static final int ROWS = MOST_PROCESSES * PROCESS_SIZE;

    public static final int ROW_SIZE = 16;

    /** A value of a map has four megabytes at most (Linux 6.1). */
    public static final int MOST_ROWS = 262_000;

    private Unwinding() {}

    /** Where a frame ends. */
    public enum Rule {
        /** Nothing is said: the code may have a frame pointer. */
        NONE,
        /** So many bytes from rsp. */
        RSP,
        /** So many bytes from rbp. */
        RBP,
        /** At the address that lies so many bytes from rbp: functions that align their stack. */
        AT_RBP,
        /** As in the linker's code for calls of other objects: rsp and 8, and 8 more in the last 5 of 16 bytes. */
        LINKAGE,
        /** The kernel has called a signal handler: the registers that were interrupted are at rsp. */
        SIGNAL,
        /** Nobody called this. */
        LAST
    }
}
