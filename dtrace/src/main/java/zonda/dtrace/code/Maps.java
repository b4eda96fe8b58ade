package zonda.dtrace.code;

import zonda.kernel.BpfAssembler;

/** The maps that the programs of one session share, by the index that their code has. */
public final class Maps {
    /** Counters and what the session is doing: one value. */
    public static final int STATE = 0;
    /** A slot of memory for each processor and level of nesting. */
    public static final int SLOTS = 1;
    /** Which slots of a processor are taken: a bit each. */
    public static final int BUSY = 2;

    public static final int RINGS = 3;
    public static final int GLOBALS = 4;
    public static final int TASKS = 5;
    /** Names of the probes by index. */
    public static final int PROBES = 6;
    /** By system call: which clauses, and which probe. */
    public static final int ENTRIES = 7;

    public static final int RETURNS = 8;
    /** For each speculation how often it was taken and freed: one that is in use has an odd number. */
    public static final int SPECULATIONS = 9;

    public static final int ZEROS = 10;
    /** By cookie: which clauses, and which probe. */
    public static final int PLACES = 11;

    /** Names of zones by the number of their user namespace. */
    public static final int ZONES = 12;

    /** How to get from frame to frame of processes, in the form of {@link Unwinding}: one value. */
    public static final int UNWIND = 13;

    public static final int ZONE_NAME_SIZE = 64;

    public static final int AGGREGATES = 1000;
    public static final int ARRAYS = 100_000;

    /** Slots for each processor: a task, interrupts of two kinds, and what preempts a user probe. */
    public static final int NESTING = 6;

    /** State: what runs, as {@link Activity} has it; then counters for each processor. */
    public static final int ACTIVITY = 0;

    public static final int COUNTERS = 64;
    public static final int COUNTERS_SIZE = 64;
    public static final int DROPS = 0;
    public static final int AGGREGATION_DROPS = 8;
    public static final int DYNAMIC_DROPS = 16;
    public static final int SPECULATIVE_DROPS = 24;
    public static final int SPECULATIONS_UNAVAILABLE = 32;
    public static final int ERROR_ERRORS = 40;

    /** Names in PROBES: offsets and sizes. */
    public static final int PROBE_ID = 0;

    public static final int PROBE_PROVIDER = 8;
    public static final int PROBE_MODULE = 72;
    public static final int PROBE_FUNCTION = 136;
    public static final int PROBE_NAME = 264;
    public static final int PROBE_SIZE = 328;

    /** Layout of a slot. */
    static final int SLOT_TIME = 0;

    static final int SLOT_FAULT = 8;
    static final int SLOT_FAULT_ADDRESS = 16;
    static final int SLOT_FAULT_ACTION = 24;
    static final int SLOT_PROBE = 32;
    static final int SLOT_MASK = 40;
    static final int SLOT_SPECULATION = 48;
    static final int SLOT_WORD = 56;
    static final int SLOT_FAULT_RECORD = 64;
    static final int SLOT_WORK = 72;
    static final int SLOT_VARIABLES = 136;

    /** A use of a speculation is the number in SPECULATIONS, with the speculation's own in these bits below it. */
    public static final int SPECULATION_BITS = 6;

    /** A record: u32 record's number, u32 probe, u64 time, u32 processor, u32 use of a speculation or 0. */
    public static final int RECORD_HEADER = 24;

    /** The number of the record of a fault: u32 record, u32 action, u64 code, u64 address. */
    public static final int FAULT_RECORD = 0x7fffffff;

    private Maps() {}

    /** What the session does. */
    public enum Activity {
        IDLE,
        BEGINNING,
        ACTIVE,
        DRAINING,
        ENDING
    }

    static final int R0 = 0;
    static final int R1 = 1;
    static final int R2 = 2;
    static final int R3 = 3;
    static final int R4 = 4;
    static final int R5 = 5;
    /** The program's context. */
    static final int CONTEXT = 6;
    /** The slot. */
    static final int SLOT = 7;

    static final int R8 = 8;
    static final int R9 = 9;
    static final int FRAME = 10;

    static final BpfAssembler.Width DW = BpfAssembler.Width.DOUBLE;
    static final BpfAssembler.Width W = BpfAssembler.Width.WORD;
    static final BpfAssembler.Width B = BpfAssembler.Width.BYTE;
}
