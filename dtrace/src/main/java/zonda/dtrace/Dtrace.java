package zonda.dtrace;

import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;
import zonda.base.OpException;
import zonda.dtrace.code.Compiler;
import zonda.dtrace.code.Options;
import zonda.dtrace.output.Consumer;
import zonda.dtrace.provider.Pattern;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.provider.ProbeTable;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Macros;
import zonda.dtrace.syntax.Preprocessor;
import zonda.dtrace.types.Btf;
import zonda.dtrace.types.TypeTable;
import zonda.kernel.Bpf;
import zonda.kernel.BpfDisassembler;
import zonda.kernel.KernelException;

/** The command: parses its line, compiles, traces, prints. One object serves many sessions at once. */
public final class Dtrace {
    public static final String VERSION = "dtrace: Sun D 1.14";
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

        /** The caller's working directory. */
        Path directory();

        /** Has the work done when the caller interrupts the session or goes away; at once if that has happened. */
        void onInterrupt(Runnable work);
    }

    /** Who calls. */
    public record Caller(long pid, long ppid, long uid, long gid) {}

    private final Supplier<Map<Long, String>> zones;
    private volatile SoftReference<Btf> kernelTypes = new SoftReference<>(null);

    /** @param zones names of the zones that run, by the number of their user namespace (stat(2) of /proc/PID/ns/user) */
    public Dtrace(Supplier<Map<Long, String>> zones) {
        this.zones = zones;
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
        CommandLine line;
        try {
            line = CommandLine.parse(arguments);
        } catch (CommandLine.UsageException e) {
            if (!String.valueOf(e.getMessage()).isEmpty()) {
                terminal.err(String.valueOf(e.getMessage()));
            }
            if (e.showsUsage()) {
                terminal.err(Usage.TEXT);
            }
            return USAGE;
        }
        try {
            return new Run(line, caller, terminal).run();
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
        private final ProbeTable probes = new ProbeTable(Dtrace.this::kernelTypes);
        private final TypeTable types = new TypeTable(Dtrace.this::kernelTypes);
        private final List<String> notices = new ArrayList<>();
        private long target;

        Run(CommandLine line, Caller caller, Terminal terminal) {
            this.line = line;
            this.caller = caller;
            this.terminal = terminal;
        }

        int run() {
            if (line.mode() == CommandLine.Mode.VERSION) {
                terminal.out(VERSION + "\n");
                return 0;
            }
            for (String option : line.options()) {
                try {
                    options.set(option);
                } catch (DError e) {
                    String name = option.split("=", 2)[0];
                    throw new Complaint("failed to set -x " + name
                            + e.text().substring(e.text().lastIndexOf(": Invalid")));
                }
            }
            Optional<CommandLine.Source> explained = line.sources().stream()
                    .filter(source -> source.letter() == '?')
                    .findFirst();
            if (explained.isPresent()) {
                return new Listing(probes, unit(), terminal)
                        .explain(explained.get().text());
            }
            if (line.mode() == CommandLine.Mode.LIST) {
                return list();
            }
            if (line.mode() == CommandLine.Mode.HEADER || line.mode() == CommandLine.Mode.OBJECT) {
                return build(line.mode() == CommandLine.Mode.HEADER);
            }
            if (line.sources().isEmpty()) {
                throw new Complaint("no probes specified");
            }
            try (var targets = new Targets(terminal)) {
                return trace(targets);
            }
        }

        /** -h and -G: what a C program needs to bring the probes that a script declares. */
        private int build(boolean header) {
            if (line.sources().size() != 1 || line.sources().getFirst().letter() != 's') {
                throw new Complaint((header ? "-h" : "-G") + " needs one script, given with -s");
            }
            options.set("zdefs");
            String script = line.sources().getFirst().text();
            Unit unit = unit();
            add(unit, line.sources().getFirst());
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
                            caller.pid(), caller.ppid(), caller.uid(), caller.gid(), wall, Bpf.possibleCpus()));
        }

        private int list() {
            options.set("zdefs");
            List<Pattern> patterns = new ArrayList<>();
            Unit unit = unit();
            for (CommandLine.Source source : line.sources()) {
                if (source.letter() == 's'
                        || source.text().indexOf('{') >= 0
                        || source.text().indexOf('/') >= 0) {
                    add(unit, source);
                } else {
                    for (String part : source.text().split(",")) {
                        patterns.add(Pattern.parse(description(source.letter(), part.strip())));
                    }
                }
            }
            return new Listing(probes, unit, terminal)
                    .list(patterns, line.sources().isEmpty(), line.has("v") || options.is("verbose"));
        }

        /** A description as the option's letter completes it. */
        private static String description(char letter, String text) {
            return switch (letter) {
                case 'P' -> text + ":::";
                case 'm' -> text + "::";
                case 'f' -> text + ":";
                default -> text;
            };
        }

        private Macros macros(String script) {
            var numbers = new HashMap<String, Long>(Map.of(
                    "pid",
                    caller.pid(),
                    "ppid",
                    caller.ppid(),
                    "uid",
                    caller.uid(),
                    "euid",
                    caller.uid(),
                    "gid",
                    caller.gid(),
                    "egid",
                    caller.gid(),
                    "target",
                    target));
            numbers.put("pgid", caller.pid());
            numbers.put("sid", caller.pid());
            numbers.put("projid", 0L);
            numbers.put("taskid", 0L);
            numbers.put("zoneid", 0L);
            var words = new ArrayList<String>();
            words.add(script);
            words.addAll(line.words());
            return new Macros(numbers, words, options.is("defaultargs"));
        }

        private int trace(Targets targets) {
            startTargets(targets);
            Unit unit = unit();
            for (CommandLine.Source source : line.sources()) {
                add(unit, source);
            }
            if (unit.enablings().stream().allMatch(enabling -> enabling.probes().isEmpty())) {
                throw new Complaint(options.is("zdefs") ? "no probes matched" : "no probes specified");
            }
            var programs = new Programs(unit);
            List<Programs.Planned> planned;
            try {
                planned = programs.plan();
            } catch (DError e) {
                throw new Complaint("failed to enable tracing: " + e.text());
            }
            if (line.has("S")) {
                planned.forEach(one -> {
                    terminal.err("\nProgram for " + one.probes().getFirst().description() + ":");
                    BpfDisassembler.lines(one.program().code().code()).forEach(terminal::err);
                });
            }
            if (!options.is("quiet")) {
                notices.forEach(terminal::err);
            }
            if (line.has("e")) {
                return 0;
            }
            if (unit.names().isDestructive() && !options.is("destructive")) {
                throw new Complaint("could not enable tracing: Destructive actions not allowed");
            }
            try (var kernel = new Kernel(unit.names(), kernelTypesFor(planned))) {
                return trace(unit, programs, planned, kernel, targets);
            } catch (DError e) {
                throw new Complaint("failed to enable tracing: " + e.text());
            }
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
                target = targets.start(command, terminal.directory());
            }
            for (long pid : line.processes()) {
                if (!targets.grab(pid)) {
                    throw new Complaint("failed to grab pid " + pid + ": no such process");
                }
                target = pid;
            }
        }

        private void add(Unit unit, CommandLine.Source source) {
            boolean script = source.letter() == 's';
            String text = script ? terminal.file(source.text()) : whole(source);
            Macros macros = macros(script ? source.text() : "dtrace");
            try {
                text = options.is("cpp") ? preprocessed(text, script ? source.text() : ".") : text;
                int matched = unit.add(text, macros);
                if (line.mode() != CommandLine.Mode.OBJECT) {
                    // The words of -G are the objects of the program.
                    macros.checkUsed();
                }
                String what = script ? "script '" + source.text() + "'" : "description '" + source.text() + "'";
                notices.add("dtrace: " + what + " matched " + matched + " probe" + (matched == 1 ? "" : "s"));
            } catch (DError e) {
                String tag = options.is("errtags") ? "[" + e.tag() + "] " : "";
                String where = e.line() > 0 && script ? "line " + e.line() + ": " : "";
                throw new Complaint(
                        script
                                ? "failed to compile script " + source.text() + ": " + tag + where + e.text()
                                : "invalid probe specifier " + source.text() + ": " + tag
                                        + (e.region().isEmpty() ? "" : e.region() + ": ") + e.text());
            }
        }

        private String preprocessed(String text, String script) {
            var preprocessor = new Preprocessor(name -> included(name, script));
            for (String flag : line.flags()) {
                if (flag.startsWith("D") && flag.length() > 1) {
                    preprocessor.define(flag.substring(1));
                } else if (flag.startsWith("U") && flag.length() > 1) {
                    preprocessor.undefine(flag.substring(1));
                }
            }
            return preprocessor.process(text);
        }

        /** A file beside the script, in a directory of -I, or in the system's. */
        private Optional<String> included(String name, String script) {
            var places = new ArrayList<Path>();
            places.add(terminal.directory().resolve(script).resolveSibling(name));
            for (String flag : line.flags()) {
                if (flag.startsWith("I") && flag.length() > 1) {
                    places.add(terminal.directory().resolve(flag.substring(1)).resolve(name));
                }
            }
            places.add(Path.of("/usr/include").resolve(name));
            for (Path place : places) {
                try {
                    return Optional.of(terminal.file(place.toString()));
                } catch (OpException e) {
                    // The next place may have it.
                }
            }
            return Optional.empty();
        }

        private static String whole(CommandLine.Source source) {
            if (source.letter() == 'n' || source.letter() == 'i') {
                return source.text();
            }
            // The clause, if there is one, begins at the first blank, slash or brace.
            String text = source.text();
            int end = 0;
            while (end < text.length() && " \t/{".indexOf(text.charAt(end)) < 0) {
                end++;
            }
            return description(source.letter(), text.substring(0, end)) + text.substring(end);
        }

        private int trace(
                Unit unit, Programs programs, List<Programs.Planned> planned, Kernel kernel, Targets targets) {
            var outlet = new Outlet(terminal, line.output(), kernel::speculationFreed);
            kernel.load(planned, programs.enabled());
            kernel.zones(zones.get());
            var consumer = new Consumer(
                    options,
                    unit.compiler().layouts(),
                    programs.enabled(),
                    kernel,
                    unit.names().types()::enumerator,
                    outlet);
            var tracing = new Tracing(kernel, consumer, options, outlet, zones);
            terminal.onInterrupt(tracing::interrupt);
            if (line.has("json")) {
                consumer.json();
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
