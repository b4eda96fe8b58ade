package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Loading and attaching eBPF programs: bpf(2), union bpf_attr of linux/bpf.h as of Linux 6.1. x86-64 call numbers.
 *
 * <p>Programs are detached when their {@link Fd}s are closed, so nothing stays behind when the process ends.
 */
public final class Bpf {
    static final long SYS_BPF = 321;
    static final int MAP_CREATE = 0;
    static final int MAP_LOOKUP = 1;
    static final int MAP_UPDATE = 2;
    static final int MAP_DELETE = 3;
    static final int MAP_NEXT_KEY = 4;
    static final int PROG_LOAD = 5;
    static final int PROG_TEST_RUN = 10;
    private static final int RUN_ON_CPU = 1;
    static final int RAW_TRACEPOINT_OPEN = 17;
    static final int BTF_LOAD = 18;
    /** Bytes of struct bpf_func_info. */
    private static final int FUNCTION_INFO_SIZE = 8;

    static final int MAP_LOOKUP_BATCH = 24;
    static final int LINK_CREATE = 28;
    static final int ATTR_SIZE = 152;

    private static final int PERF_EVENT_ATTACH = 41;
    private static final int LOG_SIZE = 1 << 22;
    private static final Path POSSIBLE = Path.of("/sys/devices/system/cpu/possible");

    private Bpf() {}

    /** Kinds of programs: enum bpf_prog_type. */
    public enum ProgramType {
        KPROBE(2, 0),
        /** At any number of the kernel's functions at once: BPF_TRACE_KPROBE_MULTI. */
        KPROBE_MULTI(2, 42),
        PERF_EVENT(7, 0),
        RAW_TRACEPOINT(17, 0),
        /** At a tracepoint, with its arguments: BPF_TRACE_RAW_TP. */
        TRACING(26, 23);

        final int number;
        /** enum bpf_attach_type, where a program must be loaded for one. */
        final int attach;

        ProgramType(int number, int attach) {
            this.number = number;
            this.attach = attach;
        }
    }

    /** The verifier refused a program. */
    public static final class RefusedException extends RuntimeException {
        private final String log;
        private final int errno;

        RefusedException(KernelException cause, String log) {
            super(cause.getMessage() + lastLines(log), cause);
            this.log = log;
            this.errno = cause.errno();
        }

        /** What the verifier said, whole. */
        public String log() {
            return log;
        }

        public int errno() {
            return errno;
        }

        private static String lastLines(String log) {
            String[] lines = log.strip().split("\n");
            var last = new StringBuilder();
            for (int i = Math.max(0, lines.length - 3); i < lines.length; i++) {
                last.append(i == Math.max(0, lines.length - 3) ? ": " : "; ").append(lines[i]);
            }
            return last.toString();
        }
    }

    /** Number of processors that the kernel may ever have: the values in a per-CPU map. */
    public static int possibleCpus() {
        return cpus(POSSIBLE);
    }

    private static int cpus(Path list) {
        try {
            String text = Files.readString(list).strip();
            return Integer.parseInt(text.substring(Math.max(text.lastIndexOf('-'), text.lastIndexOf(',')) + 1)) + 1;
        } catch (IOException e) {
            throw new UncheckedIOException("read " + list, e);
        }
    }

    static MemorySegment attributes(Arena arena) {
        return arena.allocate(ATTR_SIZE, 8);
    }

    static long call(String what, Object target, int command, MemorySegment attributes) {
        return Native.syscall(what, target, SYS_BPF, command, attributes.address(), ATTR_SIZE, 0, 0);
    }

    /**
     * Loads a program. It is loaded without a log first, and a second time with one when it is refused.
     *
     * @param btfTracepoint the type id of the tracepoint's btf_trace_ typedef for TRACING, otherwise 0
     * @throws RefusedException when the verifier refuses it
     */
    public static Fd load(ProgramType type, String name, long[] code, int btfTracepoint) {
        if (!BpfTypes.isNeeded(code)) {
            return load(type, name, code, btfTracepoint, Optional.empty());
        }
        try (Fd types = BpfTypes.functions()) {
            return load(type, name, code, btfTracepoint, Optional.of(types));
        }
    }

    private static Fd load(ProgramType type, String name, long[] code, int btfTracepoint, Optional<Fd> types) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = attributes(arena);
            attributes.set(JAVA_INT, 0, type.number);
            attributes.set(JAVA_INT, 4, code.length);
            attributes.set(JAVA_LONG, 8, arena.allocateFrom(JAVA_LONG, code).address());
            attributes.set(JAVA_LONG, 16, arena.allocateFrom("GPL").address());
            name(attributes, 48, name);
            attributes.set(JAVA_INT, 68, type.attach);
            attributes.set(JAVA_INT, 108, btfTracepoint);
            types.ifPresent(btf -> {
                int[] functions = BpfTypes.functionInfo(code);
                attributes.set(JAVA_INT, 72, btf.number());
                attributes.set(JAVA_INT, 76, FUNCTION_INFO_SIZE);
                attributes.set(
                        JAVA_LONG, 80, arena.allocateFrom(JAVA_INT, functions).address());
                attributes.set(JAVA_INT, 88, functions.length * Integer.BYTES / FUNCTION_INFO_SIZE);
            });
            return load(name, attributes, arena);
        }
    }

    /** Loads it; when that is refused, once more with a log of why. */
    private static Fd load(String name, MemorySegment attributes, Arena arena) {
        try {
            return new Fd((int) call("load the eBPF program", name, PROG_LOAD, attributes), "program " + name);
        } catch (KernelException e) {
            MemorySegment log = arena.allocate(LOG_SIZE);
            attributes.set(JAVA_INT, 24, 1);
            attributes.set(JAVA_INT, 28, LOG_SIZE);
            attributes.set(JAVA_LONG, 32, log.address());
            try {
                return new Fd((int) call("load the eBPF program", name, PROG_LOAD, attributes), "program " + name);
            } catch (KernelException again) {
                throw new RefusedException(e, log.getString(0));
            }
        }
    }

    private static void name(MemorySegment attributes, int offset, String name) {
        for (int i = 0; i < Math.min(15, name.length()); i++) {
            char c = name.charAt(i);
            boolean allowed = c < 128 && (Character.isLetterOrDigit(c) || c == '_' || c == '.');
            attributes.set(JAVA_BYTE, offset + i, (byte) (allowed ? c : '_'));
        }
    }

    /** Attaches to a raw tracepoint; empty name for a TRACING program, which knows its own. */
    public static Fd attachTracepoint(Fd program, Optional<String> name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = attributes(arena);
            attributes.set(
                    JAVA_LONG,
                    0,
                    name.map(text -> arena.allocateFrom(text).address()).orElse(0L));
            attributes.set(JAVA_INT, 8, program.number());
            return new Fd((int) call("attach", program, RAW_TRACEPOINT_OPEN, attributes), "attached " + program);
        }
    }

    /** Attaches to a perf event, with a number that the program reads by bpf_get_attach_cookie. */
    public static Fd attachPerfEvent(Fd program, Fd event, long cookie) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = attributes(arena);
            attributes.set(JAVA_INT, 0, program.number());
            attributes.set(JAVA_INT, 4, event.number());
            attributes.set(JAVA_INT, 8, PERF_EVENT_ATTACH);
            attributes.set(JAVA_LONG, 16, cookie);
            return new Fd((int) call("attach to " + event, program, LINK_CREATE, attributes), "attached " + program);
        }
    }

    /**
     * Attaches a KPROBE_MULTI program to functions of the kernel, all at once.
     *
     * @param addresses where they start
     * @param cookies for each of them the number that the program reads by bpf_get_attach_cookie
     * @param returns whether it runs when they return
     * @throws KernelException EOPNOTSUPP when the kernel can't do that, EINVAL when one of them can't be attached to
     */
    public static Fd attachFunctions(Fd program, long[] addresses, long[] cookies, boolean returns) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = attributes(arena);
            attributes.set(JAVA_INT, 0, program.number());
            attributes.set(JAVA_INT, 8, ProgramType.KPROBE_MULTI.attach);
            attributes.set(JAVA_INT, 16, returns ? 1 : 0);
            attributes.set(JAVA_INT, 20, addresses.length);
            attributes.set(
                    JAVA_LONG, 32, arena.allocateFrom(JAVA_LONG, addresses).address());
            attributes.set(JAVA_LONG, 40, arena.allocateFrom(JAVA_LONG, cookies).address());
            String what = "attach to " + addresses.length + " functions";
            return new Fd((int) call(what, program, LINK_CREATE, attributes), "attached " + program);
        }
    }

    /** Runs a RAW_TRACEPOINT program once: BPF_PROG_TEST_RUN. @param cpu where; this thread's processor when empty */
    public static void run(Fd program, OptionalInt cpu) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = attributes(arena);
            attributes.set(JAVA_INT, 0, program.number());
            if (cpu.isPresent()) {
                attributes.set(JAVA_INT, 64, RUN_ON_CPU);
                attributes.set(JAVA_INT, 68, cpu.getAsInt());
            }
            call("run", program, PROG_TEST_RUN, attributes);
        }
    }
}
