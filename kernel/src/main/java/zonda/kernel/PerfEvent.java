package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** Events that eBPF programs attach to: perf_event_open(2), struct perf_event_attr of linux/perf_event.h. */
public final class PerfEvent {
    private static final long SYS_PERF_EVENT_OPEN = 298;
    private static final int ATTR_SIZE = 136;
    private static final int TYPE_HARDWARE = 0;
    private static final int TYPE_SOFTWARE = 1;
    private static final int CPU_CLOCK = 0;
    private static final long DISABLED = 1;
    private static final long EXCLUDE_USER = 1 << 4;
    private static final long EXCLUDE_KERNEL = 1 << 5;
    private static final long EXCLUDE_HYPERVISOR = 1 << 6;
    private static final long CLOEXEC = 8;
    private static final long IOC_ENABLE = 0x2400;

    private PerfEvent() {}

    /** A clock of one processor. @param period nanoseconds between two events */
    public static Fd clock(int cpu, long period) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = attributes(arena, TYPE_SOFTWARE, CPU_CLOCK);
            attributes.set(JAVA_LONG, 16, period);
            return open("a clock of cpu " + cpu, attributes, -1, cpu);
        }
    }

    /**
     * What a counter counts, and after how many events it fires.
     *
     * @param user whether what programs do counts @param kernel whether what the kernel does counts
     */
    public record Counting(boolean user, boolean kernel, long period) {}

    /**
     * A counter of one processor.
     *
     * @param event a number of enum perf_hw_id
     * @throws KernelException ENOENT or EOPNOTSUPP when the processor has no such counter
     */
    public static Fd counter(int cpu, int event, Counting counting) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = attributes(arena, TYPE_HARDWARE, event);
            attributes.set(JAVA_LONG, 16, counting.period());
            long flags = DISABLED
                    | (counting.user() ? 0 : EXCLUDE_USER)
                    | (counting.kernel() ? 0 : EXCLUDE_KERNEL | EXCLUDE_HYPERVISOR);
            attributes.set(JAVA_LONG, 40, flags);
            return open("counter " + event + " of cpu " + cpu, attributes, -1, cpu);
        }
    }

    /**
     * A place in a program or library.
     *
     * @param returns whether it fires when the function there returns
     * @param semaphore offset in the file of a number that the kernel raises while it is probed, or 0
     */
    public record Place(Path file, long offset, boolean returns, long semaphore) {}

    /**
     * An event at a place in user code: uprobes.
     *
     * @param process the one process in which it fires, or -1 for all
     * @throws KernelException ENODEV when the kernel has no uprobes
     */
    public static Fd uprobe(Place place, long process) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes =
                    attributes(arena, type("uprobe"), (place.returns() ? 1 : 0) | place.semaphore() << 32);
            attributes.set(
                    JAVA_LONG, 56, arena.allocateFrom(place.file().toString()).address());
            attributes.set(JAVA_LONG, 64, place.offset());
            return open("a probe in " + place.file(), attributes, process, process < 0 ? 0 : -1);
        }
    }

    /**
     * An event at a function of the kernel: kprobes.
     *
     * @param returns whether it fires when the function returns
     * @throws KernelException ENODEV when the kernel has no kprobes, EINVAL or ENOENT when nothing attaches to it
     */
    public static Fd kprobe(long address, boolean returns) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = attributes(arena, type("kprobe"), returns ? 1 : 0);
            attributes.set(JAVA_LONG, 64, address);
            return open("a probe at 0x" + Long.toHexString(address), attributes, -1, 0);
        }
    }

    /** The number of a kind of events. @param device its name below /sys/bus/event_source */
    private static int type(String device) {
        Path file = Path.of("/sys/bus/event_source/devices", device, "type");
        try {
            return Integer.parseInt(Files.readString(file).strip());
        } catch (IOException e) {
            throw new KernelException("find the number of events in", file.toString(), Errno.ENODEV);
        }
    }

    private static MemorySegment attributes(Arena arena, int type, long config) {
        MemorySegment attributes = arena.allocate(ATTR_SIZE, 8);
        attributes.set(JAVA_INT, 0, type);
        attributes.set(JAVA_INT, 4, ATTR_SIZE);
        attributes.set(JAVA_LONG, 8, config);
        attributes.set(JAVA_LONG, 40, DISABLED);
        return attributes;
    }

    private static Fd open(String what, MemorySegment attributes, long process, int cpu) {
        long number = Native.syscall(
                "perf_event_open", what, SYS_PERF_EVENT_OPEN, attributes.address(), process, cpu, -1, CLOEXEC);
        return new Fd((int) number, what);
    }

    /** Makes it fire from now on. */
    public static void enable(Fd event) {
        Native.ioctl("enable", event, IOC_ENABLE, 0);
    }

    /** Processors that run, by number. */
    public static java.util.List<Integer> onlineCpus() {
        Path file = Path.of("/sys/devices/system/cpu/online");
        var cpus = new java.util.ArrayList<Integer>();
        try {
            for (String range : Files.readString(file).strip().split(",")) {
                int dash = range.indexOf('-');
                int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
                int last = dash < 0 ? first : Integer.parseInt(range.substring(dash + 1));
                for (int cpu = first; cpu <= last; cpu++) {
                    cpus.add(cpu);
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("read " + file, e);
        }
        return java.util.List.copyOf(cpus);
    }
}
