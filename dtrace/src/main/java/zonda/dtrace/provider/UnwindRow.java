package zonda.dtrace.provider;

import zonda.dtrace.code.Unwinding.Rule;

/**
 * How to get from a frame to its caller's, for instructions from an address on.
 *
 * @param address as linked, or in a process' memory
 * @param end where the frame ends, in bytes from where the rule says; the return address is right below
 * @param rbp where the caller's rbp was saved, in bytes from the frame's end; 0 where it is in rbp
 */
record UnwindRow(long address, Rule rule, int end, int rbp) {
    static UnwindRow none(long address) {
        return new UnwindRow(address, Rule.NONE, 0, 0);
    }

    /** Whether it says the same, of other instructions. */
    boolean isLike(UnwindRow other) {
        return rule == other.rule && end == other.end && rbp == other.rbp;
    }

    /** The same in memory that it was moved to. */
    UnwindRow movedBy(long distance) {
        return new UnwindRow(address + distance, rule, end, rbp);
    }
}
