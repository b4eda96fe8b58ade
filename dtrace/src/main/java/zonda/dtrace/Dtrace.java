package zonda.dtrace;

import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import zonda.base.OpException;
import zonda.dtrace.code.Compiler;
import zonda.dtrace.code.Options;
import zonda.dtrace.output.Consumer;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.provider.ProbeTable;
import zonda.dtrace.provider.UnwindTable;
import zonda.dtrace.provider.View;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.types.Btf;
import zonda.dtrace.types.TypeTable;
import zonda.kernel.Bpf;
import zonda.kernel.BpfDisassembler;
import zonda.kernel.KernelException;
import zonda.kernel.PerfEvent;

/** The command: parses its line, compiles, traces, prints. One object serves many sessions at once. */
public final class Dtrace {
    public static final String VERSION = "dtrace: Sun D 1.14";
    private static final int SMALLEST_BUFFER = 8;
    /** Bytes that no machine has for a table. */
    private static final long LARGEST_TABLE = 1L << 40;

    private static final int USAGE = 2;
    private static final int FAILED = 1;

    /** The caller's end of a session. */
    public interface Terminal {
        void out(String text);

        void err(String line);

        OutputStream outStream();

        OutputStream errStream();

        /** The content of a file that the caller may read. @throws OpException in words when it can't be */
        String file(String path);

        /**
         * Writes to a file that the caller may write to.
         *
         * @param append whether at the end of what is there, which is replaced otherwise
         * @throws OpException in words when it can't be
         */
        void write(String path, String text, boolean append);

        /**
         * Runs a command with /bin/sh as the caller, and waits until it has ended.
         *
         * @param file what its output is added to; empty for the caller's own standard output
         * @throws OpException in words when it can't be started
         */
        void system(String command, String file);

        /**
         * Starts a program as the caller: in its directory, with its user, environment and standard streams. It waits,
         * stopped, before its first instruction, and goes on at SIGCONT.
         *
         * @return the number of its process
         * @throws OpException in words when it can't be started
         */
        long start(List<String> command);

        /** What wait(2) says of a process of {@link #start} that has ended: its status, or 128 and a signal's number. */
        int status(long process);

        /** Names in a directory that the caller may read; none when it isn't there. */
        List<String> names(String path);

        /** The caller's working directory. */
        Path directory();

        /** Has the work done when the caller interrupts the session or goes away; at once if that has happened. */
        void onInterrupt(Runnable work);
    }

    /** Who calls. */
    public record Caller(long pid, long ppid, long uid, long gid, Optional<CallingZone> zone) {
        /** In the global zone. */
        public Caller(long pid, long ppid, long uid, long gid) {
            this(pid, ppid, uid, gid, Optional.empty());
        }
    }

    private final Supplier<Map<Long, String>> zones;
    private final KernelFeatures features;
    private volatile SoftReference<Btf> kernelTypes = new SoftReference<>(null);

    /** @param zones names of the zones that run, by the number of their user namespace (stat(2) of /proc/PID/ns/user) */
    public Dtrace(Supplier<Map<Long, String>> zones) {
        this(zones, KernelFeatures.unkept());
    }

    /**
     * @param zones as above
     * @param features what the kernel was found to do
     */
    public Dtrace(Supplier<Map<Long, String>> zones, KernelFeatures features) {
        this.zones = zones;
        this.features = features;
    }

    /** The kernel's types, kept while there is memory for them. */
    private Optional<Btf> kernelTypes() {
        Btf known = kernelTypes.get();
        if (known != null) {
            return Optional.of(known);
        }
        try {
            Btf read = Btf.ofKernel();
            kernelTypes = new SoftReference<>(read);
            return Optional.of(read);
        } catch (UncheckedIOException e) {
            return Optional.empty();
        }
    }

    /** Runs one command line to its end. @return the exit status */
    public int run(List<String> arguments, Caller caller, Terminal terminal) {
        try {
            return new Run(CommandLine.parse(arguments), caller, terminal).run();
        } catch (CommandLine.UsageException e) {
            if (!String.valueOf(e.getMessage()).isEmpty()) {
                terminal.err(String.valueOf(e.getMessage()));
            }
            if (e.showsUsage()) {
                terminal.err(Usage.TEXT);
            }
            return USAGE;
        } catch (Complaint e) {
            terminal.err("dtrace: " + e.getMessage());
            return FAILED;
        } catch (OpException e) {
            terminal.err("dtrace: " + e.getMessage());
            return FAILED;
        } catch (KernelException | Bpf.RefusedException e) {
            terminal.err("dtrace: failed to enable tracing: " + e.getMessage());
            return FAILED;
        }
    }

    /** One command line on its way. */
    private final class Run {
        private final CommandLine line;
        private final Caller caller;
        private final Terminal terminal;
        private final Options options = new Options();
        private final View view;
        private final Limits limits;
        private final ProbeTable probes;
        private final TypeTable types = new TypeTable(Dtrace.this::kernelTypes);
        private final Sources sources;
        private Optional<UnwindTable> unwinding = Optional.empty();

        Run(CommandLine line, Caller caller, Terminal terminal) {
            this.line = line;
            this.caller = caller;
            this.terminal = terminal;
            this.sources = new Sources(line, options, caller, terminal);
            this.view = caller.zone().<View>map(ZoneView::new).orElse(View.ALL);
            this.limits = caller.zone().isPresent() ? Limits.ZONE : Limits.HOST;
            this.probes = new ProbeTable(Dtrace.this::kernelTypes, view);
            options.limit(limits.options());
        }

        int run() {
            if (line.mode() == CommandLine.Mode.VERSION) {
                terminal.out(VERSION + "\n");
                return 0;
            }
            setOptions();
            Optional<CommandLine.Source> explained = line.sources().stream()
                    .filter(source -> source.letter() == '?')
                    .findFirst();
            if (explained.isPresent()) {
                return new Listing(probes, unit(), terminal, outlet())
                        .explain(explained.get().text());
            }
            if (line.mode() == CommandLine.Mode.LIST) {
                try (var targets = new Targets(terminal, view)) {
                    return list(targets);
                }
            }
            if (line.mode() == CommandLine.Mode.HEADER || line.mode() == CommandLine.Mode.OBJECT) {
                return build(line.mode() == CommandLine.Mode.HEADER);
            }
            if (line.sources().isEmpty() && !line.has("Z")) {
                throw new Complaint("no probes specified");
            }
            try (var targets = new Targets(terminal, view)) {
                return trace(targets);
            }
        }

        private void setOptions() {
            for (String option : line.options()) {
                try {
                    options.set(option);
                } catch (DError e) {
                    String named = line.letters().getOrDefault(option, "-x " + option.split("=", 2)[0]);
                    throw new Complaint("failed to set " + named
                            + e.text().substring(e.text().lastIndexOf(": ")));
                }
            }
        }

        private Outlet outlet() {
            return new Outlet(terminal, line.output());
        }

        /** -h and -G: what a C program needs to bring the probes that a script declares. */
        private int build(boolean header) {
            if (line.sources().size() != 1 || line.sources().getFirst().letter() != 's') {
                throw new Complaint((header ? "-h" : "-G") + " needs one script, given with -s");
            }
            options.set("zdefs");
            String script = line.sources().getFirst().text();
            Unit unit = unit();
            sources.add(unit, line.sources().getFirst());
            String name = line.output()
                    .orElseGet(() -> Path.of(script).getFileName().toString().replaceFirst("\\.d$", "")
                            + (header ? ".h" : ".o"));
            if (unit.providers().all().isEmpty()) {
                throw new Complaint("script " + script + " declares no providers");
            }
            String base = Path.of(name).getFileName().toString();
            terminal.write(name, header ? ProbeHeader.of(base, unit.providers().all()) : ProbeObject.content(), false);
            return 0;
        }

        private Unit unit() {
            long wall = Instant.now().getEpochSecond() * 1_000_000_000L
                    + Instant.now().getNano()
                    - System.nanoTime();
            return new Unit(
                    types,
                    options,
                    probes,
                    new Compiler.Invoker(
                            caller.pid(),
                            caller.ppid(),
                            caller.uid(),
                            caller.gid(),
                            wall,
                            Bpf.possibleCpus(),
                            caller.zone().map(CallingZone::confinement)));
        }

        /** That a description matches nothing is said, and is no failure. */
        private int list(Targets targets) {
            options.set("zdefs");
            startTargets(targets);
            Unit unit = unit();
            List<Sources.Compiled> compiled = sources.add(unit);
            var listing = new Listing(probes, unit, terminal, outlet());
            boolean verbose = line.has("v");
            listing.header();
            if (compiled.isEmpty()) {
                listing.all(verbose);
            }
            compiled.forEach(one -> one.descriptions().forEach(written -> listing.list(written, verbose)));
            return 0;
        }

        private int trace(Targets targets) {
            startTargets(targets);
            Unit unit = unit();
            if (!targets.processes().isEmpty()) {
                unit.names().unwinding(() -> unwinding(targets).size());
            }
            List<Sources.Compiled> compiled = sources.add(unit);
            var outlet = new Outlet(terminal, line.output());
            var report = new Report(unit, line, options, outlet, new Listing(probes, unit, terminal, outlet));
            if (line.has("e")) {
                compileOnly(unit);
                compiled.forEach(report::unenabled);
                return 0;
            }
            compiled.forEach(one -> report.enabled(one, terminal));
            if (compiled.stream().allMatch(one -> one.matched() == 0) && !line.has("Z")) {
                throw new Complaint("no probes matched");
            }
            return go(unit, outlet, targets);
        }

        private void compileOnly(Unit unit) {
            try {
                List<Programs.Planned> planned = new Programs(unit).plan();
                if (line.has("S")) {
                    showCode(planned);
                }
            } catch (DError e) {
                throw new Complaint("failed to enable tracing: " + e.text());
            }
        }

        private void showCode(List<Programs.Planned> planned) {
            planned.forEach(one -> {
                terminal.err("\nProgram for " + one.probes().getFirst().description() + ":");
                BpfDisassembler.lines(one.program().code().code()).forEach(terminal::err);
            });
        }

        private int go(Unit unit, Outlet outlet, Targets targets) {
            var programs = new Programs(unit);
            List<Programs.Planned> planned;
            try {
                planned = programs.plan();
            } catch (DError e) {
                throw new Complaint("failed to enable tracing: " + e.text());
            }
            if (line.has("S")) {
                showCode(planned);
            }
            if (unit.names().isDestructive() && !options.is("destructive")) {
                throw new Complaint("could not enable tracing: Destructive actions not allowed");
            }
            boolean none = unit.names().isSpeculative() && options.number("specsize") < Long.BYTES;
            if (none || options.number("bufsize") < SMALLEST_BUFFER) {
                throw new Complaint("could not enable tracing: Enabling exceeds size of buffer");
            }
            checkSizes();
            if (options.word("bufpolicy").equals(Optional.of("fill")) && endTooBig(unit, planned)) {
                throw new Complaint("could not enable tracing: END enablings exceed size of principal buffer");
            }
            if (options.word("cpu").isPresent()
                    && !PerfEvent.onlineCpus()
                            .contains(options.word("cpu").map(Integer::parseInt).orElseThrow())) {
                throw new Complaint("could not enable tracing: Invalid argument: no cpu "
                        + options.word("cpu").orElseThrow());
            }
            try (var kernel = new Kernel(unit.names(), kernelTypesFor(planned), limits, features)) {
                return trace(unit, programs, planned, kernel, outlet, targets);
            } catch (DError e) {
                throw new Complaint("failed to enable tracing: " + e.text());
            }
        }

        /** Buffers that are larger than they can be are made smaller, unless -x bufresize says that they must not be. */
        private void checkSizes() {
            long tables = Math.min(limits.tables(), LARGEST_TABLE);
            boolean manual = options.word("bufresize").equals(Optional.of("manual"));
            boolean tooLarge = options.number("bufsize") > Kernel.LARGEST_RING
                    || options.number("aggsize") > tables
                    || options.number("dynvarsize") > tables;
            if (manual && tooLarge) {
                throw new Complaint("could not enable tracing: Cannot allocate memory");
            }
            if (options.number("bufsize") > Kernel.LARGEST_RING && !options.is("quiet")) {
                terminal.err("dtrace: buffer size lowered to " + (Kernel.LARGEST_RING >> 20) + "m");
            }
        }

        /** Where a buffer is filled once, there must be room for what END writes; elsewhere it is dropped. */
        private boolean endTooBig(Unit unit, List<Programs.Planned> planned) {
            return planned.stream()
                    .filter(one -> one.probes().getFirst().source() instanceof Probe.Source.End)
                    .flatMap(one -> one.layouts().stream())
                    .anyMatch(number -> unit.compiler().layouts().get(number).size() > options.number("bufsize"));
        }

        /** BEGIN and clocks need no types, and reading them takes a while. */
        private Optional<Btf> kernelTypesFor(List<Programs.Planned> planned) {
            boolean needed = planned.stream()
                    .anyMatch(one -> one.probes().getFirst().source() instanceof Probe.Source.Syscall
                            || one.probes().getFirst().source() instanceof Probe.Source.Tracepoint);
            return needed ? kernelTypes() : Optional.empty();
        }

        private void startTargets(Targets targets) {
            for (String command : line.commands()) {
                targeted(targets.start(command));
            }
            for (long number : line.processes()) {
                targeted(targets.grab(number)
                        .orElseThrow(() -> new Complaint("failed to grab pid " + number + ": no such process")));
            }
        }

        private void targeted(Targets.Target target) {
            sources.target(target.number());
            probes.target(target.number(), target.process().pid());
        }

        /** It takes a while to make, so that is done when a program asks for it. */
        private UnwindTable unwinding(Targets targets) {
            if (unwinding.isEmpty()) {
                unwinding = Optional.of(UnwindTable.of(targets.processes(), view));
            }
            return unwinding.get();
        }

        private int trace(
                Unit unit,
                Programs programs,
                List<Programs.Planned> planned,
                Kernel kernel,
                Outlet outlet,
                Targets targets) {
            unwinding.ifPresent(table -> kernel.unwindBy(table.bytes()));
            kernel.load(planned, programs.enabled());
            Supplier<Map<Long, String>> named = caller.zone().isPresent() ? Map::of : zones;
            kernel.zones(named.get());
            var consumer = new Consumer(
                    options,
                    unit.compiler().layouts(),
                    programs.enabled(),
                    kernel,
                    unit.names().types()::enumerator,
                    view,
                    outlet);
            if (options.is("destructive") && !options.is("quiet")) {
                terminal.err("dtrace: allowing destructive actions");
            }
            consumer.remember(targets.processes());
            var tracing = new Tracing(kernel, consumer, options, outlet, named);
            terminal.onInterrupt(tracing::interrupt);
            if (line.has("json")) {
                consumer.json();
            }
            if (line.flags().stream().anyMatch(flag -> flag.startsWith("heatmap="))) {
                consumer.heatMapOf(unit.names().aggregates());
            }
            tracing.run(targets::release, targets::over);
            if (!options.is("quiet")) {
                targets.ended().forEach(words -> terminal.err("dtrace: " + words));
            }
            remaining(unit, consumer, outlet);
            OptionalInt status = consumer.exit();
            return status.orElse(0);
        }

        private void remaining(Unit unit, Consumer consumer, Outlet outlet) {
            for (String flag : line.flags()) {
                if (flag.startsWith("heatmap=")) {
                    outlet.write(flag.substring(8), consumer.heatMap());
                    return;
                }
                if (flag.startsWith("flame=")) {
                    outlet.write(
                            flag.substring(6), consumer.flameGraph(unit.names().aggregates()));
                    return;
                }
            }
            outlet.out(consumer.remaining(unit.names().aggregates()));
        }
    }
}
