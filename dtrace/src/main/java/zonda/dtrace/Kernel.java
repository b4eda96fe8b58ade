package zonda.dtrace;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.Compiler;
import zonda.dtrace.code.Maps;
import zonda.dtrace.code.Names;
import zonda.dtrace.code.Options;
import zonda.dtrace.code.Var;
import zonda.dtrace.output.Aggregations;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.Btf;
import zonda.kernel.Bpf;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfMap;
import zonda.kernel.BpfRing;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;
import zonda.kernel.PerfEvent;

/** What a session has in the kernel: maps, rings, programs and where they are attached. All of it goes with this. */
final class Kernel implements AutoCloseable, Aggregations.Source {
    private static final int SYSCALLS = 1024;
    private static final int TABLE_ENTRY = 16;
    private static final int ZEROS = 1 << 16;
    private static final int PAGE = 4096;
    /** Bytes of a number with what belongs to it. */
    private static final int SMALLEST_ELEMENT = 16;

    /** Buffers that are asked to be larger than memory has room for are resized, as on illumos. */
    static final int LARGEST_RING = 1 << 26;

    private final Limits limits;
    private final KernelFeatures features;
    private final Names names;
    private final Options options;
    private final Optional<Btf> types;
    private final int cpus = Bpf.possibleCpus();
    private final Map<Integer, BpfMap> maps = new HashMap<>();
    private final List<BpfRing> rings = new ArrayList<>();
    private final List<Fd> open = new ArrayList<>();
    private final Map<Class<?>, Fd> runnable = new LinkedHashMap<>();

    Kernel(Names names, Optional<Btf> types, Limits limits, KernelFeatures features) {
        this.features = features;
        this.limits = limits;
        this.names = names;
        this.options = names.options();
        this.types = types;
    }

    /** The table by which programs get from frame to frame of processes, before they are loaded. */
    void unwindBy(byte[] table) {
        make(Maps.UNWIND, BpfMap.Type.ARRAY, 4, table.length, 1);
        map(Maps.UNWIND).update(key(0), table);
    }

    /** Makes the maps, loads the programs and attaches them; they do nothing yet. */
    void load(List<Programs.Planned> programs, List<Probe> probes) {
        int slot = programs.stream()
                .mapToInt(one -> one.program().slotSize())
                .max()
                .orElse(8);
        if (slot > limits.slot() || programs.size() > limits.programs()) {
            throw new DError("D_PROG_BIG", 0, "the program is too large");
        }
        fixedMaps(
                slot,
                probes,
                programs.stream().mapToInt(one -> one.probes().size()).sum());
        for (Aggregate aggregate : names.aggregates()) {
            maps.put(Maps.AGGREGATES + aggregate.id(), aggregateMap(aggregate));
        }
        for (Var variable : names.variables()) {
            if (!variable.keys().isEmpty()) {
                maps.put(Maps.ARRAYS + variable.place(), arrayMap(variable));
            }
        }
        int cookies = 0;
        for (Programs.Planned one : programs) {
            cookies = one.probes().getFirst().source() instanceof Probe.Source.Function
                    ? functions(one, cookies)
                    : attach(one, load(one), cookies);
        }
    }

    private void fixedMaps(int slot, List<Probe> probes, int places) {
        make(Maps.STATE, BpfMap.Type.ARRAY, 4, Maps.COUNTERS + cpus * Maps.COUNTERS_SIZE, 1);
        make(Maps.SLOTS, BpfMap.Type.ARRAY, 4, slot, cpus * Maps.NESTING);
        make(Maps.BUSY, BpfMap.Type.ARRAY, 4, 8, cpus);
        int size = PAGE;
        while (size < options.number("bufsize") && size < LARGEST_RING) {
            size *= 2;
        }
        for (int i = 0; i < cpus; i++) {
            rings.add(BpfRing.create(size));
        }
        maps.put(Maps.RINGS, BpfMap.ofRings(rings));
        make(Maps.GLOBALS, BpfMap.Type.ARRAY, 4, Math.max(8, names.size(Expr.Scope.GLOBAL)), 1);
        if (names.size(Expr.Scope.SELF) > 0) {
            make(Maps.TASKS, BpfMap.Type.TASK_STORAGE, 4, names.size(Expr.Scope.SELF), 1);
        }
        make(Maps.PROBES, BpfMap.Type.ARRAY, 4, Maps.PROBE_SIZE, Math.max(1, probes.size()));
        make(Maps.ENTRIES, BpfMap.Type.ARRAY, 4, TABLE_ENTRY, SYSCALLS);
        make(Maps.RETURNS, BpfMap.Type.ARRAY, 4, TABLE_ENTRY, SYSCALLS);
        make(Maps.PLACES, BpfMap.Type.ARRAY, 4, TABLE_ENTRY, Math.max(1, places));
        make(Maps.SPECULATIONS, BpfMap.Type.ARRAY, 4, 256, 1);
        make(Maps.ZONES, BpfMap.Type.HASH, 8, Maps.ZONE_NAME_SIZE, 4096);
        make(Maps.ZEROS, BpfMap.Type.ARRAY, 4, ZEROS, 1);
        for (int i = 0; i < probes.size(); i++) {
            map(Maps.PROBES).update(key(i), names(probes.get(i)));
        }
    }

    private void make(int index, BpfMap.Type type, int key, int value, int entries) {
        maps.put(index, BpfMap.create(type, key, (value + 7) / 8 * 8, entries));
    }

    private BpfMap map(int index) {
        BpfMap map = maps.get(index);
        if (map == null) {
            throw new IllegalStateException("map " + index + " was not made");
        }
        return map;
    }

    private static byte[] names(Probe probe) {
        ByteBuffer value = BpfMap.bytes(Maps.PROBE_SIZE);
        value.putLong(Maps.PROBE_ID, probe.id());
        put(value, Maps.PROBE_PROVIDER, 64, probe.provider());
        put(value, Maps.PROBE_MODULE, 64, probe.module());
        put(value, Maps.PROBE_FUNCTION, 128, probe.function());
        put(value, Maps.PROBE_NAME, 64, probe.name());
        return value.array();
    }

    private static void put(ByteBuffer value, int offset, int size, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        value.put(offset, bytes, 0, Math.min(bytes.length, size - 1));
    }

    private static byte[] key(int number) {
        return BpfMap.bytes(4).putInt(0, number).array();
    }

    private BpfMap aggregateMap(Aggregate aggregate) {
        int value = aggregate.words() * 8;
        if (aggregate.keys().isEmpty()) {
            room("aggsize", value);
            return BpfMap.create(BpfMap.Type.PERCPU_ARRAY, 4, value, 1);
        }
        int key = aggregate.keySize(options.stringSize());
        long asked = room("aggsize", key + value);
        long given = share(names.aggregates().size()) / (key + (long) value * cpus);
        return BpfMap.create(BpfMap.Type.PERCPU_HASH, key, value, (int) Math.clamp(Math.min(asked, given), 1, 1 << 20));
    }

    private BpfMap arrayMap(Var variable) {
        int key = Compiler.keySize(variable, options.stringSize());
        int value = Math.max(8, Aggregate.size(variable.type(), options.stringSize()));
        long asked = room("dynvarsize", key + value);
        long given = share(names.variables().size()) / (key + value);
        return BpfMap.create(BpfMap.Type.HASH, key, value, (int) Math.clamp(Math.min(asked, given), 1, 1 << 20));
    }

    /** How many elements the option leaves room for; there must be room for the smallest that there are. */
    private long room(String option, int element) {
        if (options.number(option) < SMALLEST_ELEMENT) {
            throw new Complaint("could not enable tracing: Enabling exceeds size of buffer");
        }
        return options.number(option) / element;
    }

    /** The bytes that each of several tables may take. */
    private long share(int tables) {
        return limits.tables() / Math.max(1, tables);
    }

    private Fd load(Programs.Planned one) {
        return load(one, type(one.probes().getFirst()));
    }

    private static Bpf.ProgramType type(Probe probe) {
        return switch (probe.source()) {
            case Probe.Source.Begin(), Probe.Source.End(), Probe.Source.Error() -> Bpf.ProgramType.RAW_TRACEPOINT;
            case Probe.Source.Clock _, Probe.Source.Counter _ -> Bpf.ProgramType.PERF_EVENT;
            case Probe.Source.User _, Probe.Source.Usdt _, Probe.Source.Lock _, Probe.Source.Function _ ->
                Bpf.ProgramType.KPROBE;
            case Probe.Source.Syscall _, Probe.Source.Tracepoint _ -> Bpf.ProgramType.TRACING;
        };
    }

    private Fd load(Programs.Planned one, Bpf.ProgramType type) {
        Probe probe = one.probes().getFirst();
        int tracepoint = type == Bpf.ProgramType.TRACING ? tracepoint(event(probe)) : 0;
        try {
            long[] code = one.program().code().link(index -> map(index).descriptor());
            Fd program = Bpf.load(type, probe.name(), code, tracepoint);
            open.add(program);
            return program;
        } catch (BpfAssembler.TooFarException e) {
            throw new DError("D_PROG_BIG", 0, "the program for " + probe.description() + " is too large");
        } catch (Bpf.RefusedException e) {
            throw new DError(
                    "D_UNKNOWN", 0, "failed to load the program for " + probe.description() + ": " + e.getMessage());
        }
    }

    private static String event(Probe probe) {
        return switch (probe.source()) {
            case Probe.Source.Syscall(var _, boolean entry) -> entry ? "sys_enter" : "sys_exit";
            case Probe.Source.Tracepoint(String event, var _, var _, var _) -> event;
            default -> throw new AssertionError(probe);
        };
    }

    private int tracepoint(String event) {
        return types.flatMap(btf -> btf.tracepoint(event))
                .orElseThrow(() -> new DError("D_SYM_NOTYPES", 0, "this kernel has no tracepoint " + event));
    }

    private int attach(Programs.Planned one, Fd program, int firstCookie) {
        Probe probe = one.probes().getFirst();
        int cookie = firstCookie;
        switch (probe.source()) {
            case Probe.Source.Begin(), Probe.Source.End(), Probe.Source.Error() ->
                runnable.put(probe.source().getClass(), program);
            case Probe.Source.Clock(long period, boolean everywhere) -> {
                List<Integer> online = PerfEvent.onlineCpus();
                List<Integer> used = only().isPresent() ? List.of(only().getAsInt()) : online;
                for (int cpu : everywhere ? used : used.subList(0, 1)) {
                    attach(program, PerfEvent.clock(cpu, period), 0);
                }
            }
            case Probe.Source.Counter(int event, boolean user, boolean kernel, long count) -> {
                for (int cpu : only().isPresent() ? List.of(only().getAsInt()) : PerfEvent.onlineCpus()) {
                    attach(program, PerfEvent.counter(cpu, event, new PerfEvent.Counting(user, kernel, count)), 0);
                }
            }
            case Probe.Source.Syscall(var _, boolean entry) -> {
                for (int i = 0; i < one.probes().size(); i++) {
                    int number = ((Probe.Source.Syscall) one.probes().get(i).source()).number();
                    map(entry ? Maps.ENTRIES : Maps.RETURNS).update(key(number), entry(one, i));
                }
                open.add(Bpf.attachTracepoint(program, Optional.empty()));
            }
            case Probe.Source.Tracepoint _ -> open.add(Bpf.attachTracepoint(program, Optional.empty()));
            case Probe.Source.Usdt(List<Probe.Site> sites, long process) -> {
                for (Probe.Site site : sites) {
                    if (site.arguments().equals(one.operands())) {
                        attach(
                                program,
                                PerfEvent.uprobe(
                                        new PerfEvent.Place(site.file(), site.offset(), false, site.semaphore()),
                                        process),
                                0);
                    }
                }
            }
            case Probe.Source.Lock lock ->
                attach(
                        program,
                        PerfEvent.uprobe(
                                new PerfEvent.Place(lock.file(), lock.offset(), lock.returns(), 0), lock.process()),
                        0);
            case Probe.Source.Function _ -> throw new AssertionError(probe);
            case Probe.Source.User _ -> {
                for (int i = 0; i < one.probes().size(); i++) {
                    map(Maps.PLACES).update(key(cookie), entry(one, i));
                    var user = (Probe.Source.User) one.probes().get(i).source();
                    attach(
                            program,
                            PerfEvent.uprobe(
                                    new PerfEvent.Place(user.file(), user.offset(), user.returns(), 0), user.process()),
                            cookie);
                    cookie++;
                }
            }
        }
        return cookie;
    }

    /** Functions of the kernel, each with a cookie of its own. */
    private int functions(Programs.Planned one, int firstCookie) {
        for (int i = 0; i < one.probes().size(); i++) {
            map(Maps.PLACES).update(key(firstCookie + i), entry(one, i));
        }
        new FunctionAttachment(one.probes(), type -> load(one, type), open, features).attach(firstCookie);
        return firstCookie + one.probes().size();
    }

    private static byte[] entry(Programs.Planned one, int index) {
        return BpfMap.bytes(TABLE_ENTRY)
                .putLong(0, one.masks().get(index))
                .putLong(8, one.indexes().get(index))
                .array();
    }

    private void attach(Fd program, Fd event, long cookie) {
        open.add(event);
        open.add(Bpf.attachPerfEvent(program, event, cookie));
        PerfEvent.enable(event);
    }

    // While it runs.

    Maps.Activity activity() {
        ByteBuffer state = map(Maps.STATE).lookup(key(0)).orElseThrow();
        return Maps.Activity.values()[(int) state.getLong(Maps.ACTIVITY)];
    }

    /** Sets what the session does. The counters, which programs add to meanwhile, may lose a few. */
    void activity(Maps.Activity activity) {
        ByteBuffer state = map(Maps.STATE).lookup(key(0)).orElseThrow();
        state.putLong(Maps.ACTIVITY, activity.ordinal());
        map(Maps.STATE).update(key(0), state.array());
    }

    /** Runs BEGIN or END, if there is one. */
    void run(Class<? extends Probe.Source> kind) {
        Fd program = runnable.get(kind);
        if (program != null) {
            Bpf.run(program, only());
        }
    }

    /** The one processor that is traced, by -x cpu. */
    private OptionalInt only() {
        return options.word("cpu").map(Integer::parseInt).map(OptionalInt::of).orElseGet(OptionalInt::empty);
    }

    /** The buffers of the processors that programs write records to. */
    List<BpfRing> rings() {
        return List.copyOf(rings);
    }

    /** The value of a counter for each processor. */
    long[] counters(int counter) {
        ByteBuffer state = map(Maps.STATE).lookup(key(0)).orElseThrow();
        long[] values = new long[cpus];
        for (int cpu = 0; cpu < cpus; cpu++) {
            values[cpu] = state.getLong(Maps.COUNTERS + cpu * Maps.COUNTERS_SIZE + counter);
        }
        return values;
    }

    /** Tells programs the zones by the numbers of their user namespaces. */
    void zones(Map<Long, String> zones) {
        zones.forEach((namespace, name) -> {
            ByteBuffer value = BpfMap.bytes(Maps.ZONE_NAME_SIZE);
            put(value, 0, Maps.ZONE_NAME_SIZE, name);
            map(Maps.ZONES).update(BpfMap.bytes(8).putLong(0, namespace).array(), value.array());
        });
    }

    @Override
    public Map<Aggregations.Key, long[][]> read(Aggregate aggregate) {
        BpfMap map = map(Maps.AGGREGATES + aggregate.id());
        var values = new LinkedHashMap<Aggregations.Key, long[][]>();
        if (aggregate.keys().isEmpty()) {
            map.lookup(key(0))
                    .ifPresent(value -> values.put(new Aggregations.Key(new byte[0]), words(aggregate, value)));
            return values;
        }
        map.forEach((key, value) -> values.put(new Aggregations.Key(key), words(aggregate, value)));
        return values;
    }

    private long[][] words(Aggregate aggregate, ByteBuffer value) {
        long[][] words = new long[cpus][aggregate.words()];
        for (int cpu = 0; cpu < cpus; cpu++) {
            for (int i = 0; i < aggregate.words(); i++) {
                words[cpu][i] = value.getLong((cpu * aggregate.words() + i) * 8);
            }
        }
        return words;
    }

    @Override
    public void remove(Aggregate aggregate, Aggregations.Key key) {
        if (aggregate.keys().isEmpty()) {
            reset(aggregate, key);
        } else {
            map(Maps.AGGREGATES + aggregate.id()).delete(key.bytes());
        }
    }

    @Override
    public void reset(Aggregate aggregate, Aggregations.Key key) {
        byte[] bytes = aggregate.keys().isEmpty() ? key(0) : key.bytes();
        map(Maps.AGGREGATES + aggregate.id()).update(bytes, new byte[aggregate.words() * 8 * cpus]);
    }

    @Override
    public void close() {
        for (Fd fd : open.reversed()) {
            close(fd);
        }
        maps.values().forEach(Kernel::close);
        rings.forEach(Kernel::close);
    }

    private static void close(AutoCloseable one) {
        try {
            one.close();
        } catch (KernelException e) {
            System.getLogger(Kernel.class.getName()).log(System.Logger.Level.WARNING, "close " + one, e);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
