package zonda.dtrace.provider;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import zonda.dtrace.code.Options;
import zonda.dtrace.types.Btf;

/** All probes of this kernel, and those that a description brings about: clocks of any rate, places in processes. */
public final class ProbeTable {
    private static final java.util.regex.Pattern CLOCK =
            java.util.regex.Pattern.compile("(profile|tick)-([0-9]{1,12})([a-z]*)");
    private static final java.util.regex.Pattern PROCESS = java.util.regex.Pattern.compile("pid([0-9]{1,9})");
    private static final java.util.regex.Pattern OWN =
            java.util.regex.Pattern.compile("([A-Za-z_][A-Za-z0-9_]*?)([0-9]{1,9})");
    private static final String FBT = "fbt";
    private static final String ENTRY = "entry";
    private static final String RETURN = "return";
    private static final long SECOND = 1_000_000_000L;
    /** The shortest time between two firings. */
    private static final long SHORTEST = 100_000;

    private static final String[] CLOCKS = {
        "profile-97",
        "profile-199",
        "profile-499",
        "profile-997",
        "profile-1999",
        "profile-4001",
        "profile-4999",
        "tick-1",
        "tick-10",
        "tick-100",
        "tick-500",
        "tick-1000",
        "tick-5000"
    };

    /** Ids of the kernel's functions begin here, so that they are the same whatever else was found before. */
    private static final int FIRST_FUNCTION = 100_000;

    private final Map<String, Probe> probes = new LinkedHashMap<>();
    private final FunctionTable functions;
    private final Counters counters = new Counters(FunctionTable.EVENTS);
    private final View view;
    private final Supplier<Optional<Btf>> kernel;
    private final Set<String> kernelEvents = new HashSet<>();
    private final List<Target> targets = new ArrayList<>();
    private boolean sdt;
    private int next = 1;

    /** A process by the session's number and by the host's. */
    private record Target(long number, long process) {}

    /**
     * @param kernel the kernel's types, which say which tracepoints there are
     * @param view what of all probes there is for this session
     */
    public ProbeTable(Supplier<Optional<Btf>> kernel, View view) {
        this(kernel, view, new FunctionTable());
    }

    public ProbeTable(Supplier<Optional<Btf>> kernel, View view, FunctionTable functions) {
        this.kernel = kernel;
        this.functions = functions;
        this.view = view;
        add("dtrace", "", "", "BEGIN", new Probe.Source.Begin());
        add("dtrace", "", "", "END", new Probe.Source.End());
        add("dtrace", "", "", "ERROR", new Probe.Source.Error());
        for (String line : lines("syscalls.txt")) {
            String[] words = line.split(" ");
            int number = Integer.parseInt(words[0]);
            add("syscall", "", words[1], "entry", new Probe.Source.Syscall(number, true));
            add("syscall", "", words[1], "return", new Probe.Source.Syscall(number, false));
        }
        for (String name : CLOCKS) {
            clock(name);
        }
    }

    static List<String> lines(String resource) {
        try (InputStream in = ProbeTable.class.getResourceAsStream("/zonda/dtrace/" + resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + " is not in the module");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#") && !line.isBlank())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void add(String provider, String module, String function, String name, Probe.Source source) {
        if (view.shows(provider, source)) {
            String key = provider + ":" + module + ":" + function + ":" + name;
            probes.computeIfAbsent(key, _ -> new Probe(next++, provider, module, function, name, source));
        }
    }

    private void function(FunctionTable.Function function, boolean returns) {
        var source = new Probe.Source.Function(function.module(), function.name(), returns, function.places());
        if (view.shows(FBT, source)) {
            int id = FIRST_FUNCTION + 2 * function.number() + (returns ? 1 : 0);
            String name = returns ? RETURN : ENTRY;
            String key = FBT + ":" + function.module() + ":" + function.name() + ":" + name;
            probes.computeIfAbsent(key, _ -> new Probe(id, FBT, function.module(), function.name(), name, source));
        }
    }

    /** Functions of the kernel, which are many: those only that are asked for. */
    private void functions(Pattern pattern) {
        boolean entry = pattern.id() >= 0 || Pattern.glob(pattern.name(), ENTRY);
        boolean returns = pattern.id() >= 0 || Pattern.glob(pattern.name(), RETURN);
        boolean asked = pattern.id() >= 0
                ? pattern.id() >= FIRST_FUNCTION
                : Pattern.glob(pattern.provider(), FBT) && (entry || returns);
        if (!asked || !view.isAll() || functions.whyNot().isPresent()) {
            return;
        }
        for (FunctionTable.Function function : functions.find(pattern)) {
            if (entry) {
                function(function, false);
            }
            if (returns) {
                function(function, true);
            }
        }
    }

    /** The probes that a description means, in the order of their ids. */
    public List<Probe> find(Pattern pattern) {
        bringAbout(pattern);
        return probes.values().stream().filter(pattern::matches).toList();
    }

    public List<Probe> all() {
        bringAbout(Pattern.parse(":::"));
        return List.copyOf(probes.values());
    }

    private void bringAbout(Pattern pattern) {
        if (pattern.id() >= 0 || !isEarly(pattern)) {
            tracepoints();
        }
        if (pattern.provider().isEmpty() || Pattern.glob(pattern.provider(), "profile")) {
            clock(pattern.name());
        }
        if (pattern.provider().isEmpty() || Pattern.glob(pattern.provider(), Counters.PROVIDER)) {
            counters.find(pattern.name()).ifPresent(source -> add(Counters.PROVIDER, "", "", pattern.name(), source));
        }
        functions(pattern);
        usdt(pattern);
        Matcher process = PROCESS.matcher(pattern.provider());
        if (process.matches()) {
            view.process(Long.parseLong(process.group(1)))
                    .ifPresent(number -> new UserPlaces(number, view)
                            .find(pattern)
                            .forEach(place -> add(
                                    pattern.provider(),
                                    place.module(),
                                    place.function(),
                                    place.name(),
                                    place.source())));
        }
    }

    /**
     * Probes of this process are also found by the wildcards of a provider's name.
     *
     * @param number as the session knows it
     */
    public void target(long number, long process) {
        targets.add(new Target(number, process));
    }

    private void usdt(Pattern pattern) {
        if (Pattern.isWild(pattern.provider())) {
            for (Target target : targets) {
                if (Pattern.glob(pattern.provider(), UserLocks.PROVIDER + target.number())) {
                    locks(UserLocks.PROVIDER + target.number(), target.process(), pattern);
                }
                var notes = new UserNotes(target.process(), view);
                notes.providers().stream()
                        .filter(provider -> Pattern.glob(pattern.provider(), provider + target.number()))
                        .forEach(provider -> notes.find(provider, pattern)
                                .forEach(place -> add(
                                        provider + target.number(),
                                        place.module(),
                                        place.function(),
                                        place.name(),
                                        place.source())));
            }
            return;
        }
        Matcher provider = OWN.matcher(pattern.provider());
        if (provider.matches() && provider.group(1).equals(UserLocks.PROVIDER)) {
            view.process(Long.parseLong(provider.group(2)))
                    .ifPresent(number -> locks(pattern.provider(), number, pattern));
            return;
        }
        if (provider.matches() && !PROCESS.matcher(pattern.provider()).matches()) {
            view.process(Long.parseLong(provider.group(2)))
                    .ifPresent(number -> new UserNotes(number, view)
                            .find(provider.group(1), pattern)
                            .forEach(place -> add(
                                    pattern.provider(),
                                    place.module(),
                                    place.function(),
                                    place.name(),
                                    place.source())));
        }
    }

    private void locks(String provider, long process, Pattern pattern) {
        new UserLocks(process, view)
                .find(pattern)
                .forEach(place -> add(provider, place.module(), place.function(), place.name(), place.source()));
    }

    /** Whether none but the probes that need no types of the kernel can match, so that these need not be read. */
    private static boolean isEarly(Pattern pattern) {
        return pattern.provider().equals("dtrace")
                || pattern.provider().equals("syscall")
                || pattern.provider().equals("profile")
                || pattern.provider().equals(FBT)
                || pattern.provider().equals(Counters.PROVIDER)
                || OWN.matcher(pattern.provider()).matches()
                || pattern.name().equals("BEGIN")
                || pattern.name().equals("END")
                || pattern.name().equals("ERROR")
                || CLOCK.matcher(pattern.name()).matches();
    }

    private void clock(String name) {
        Matcher clock = CLOCK.matcher(name);
        if (!clock.matches()) {
            return;
        }
        long number = Long.parseLong(clock.group(2));
        String unit = clock.group(3);
        long period;
        if (unit.isEmpty() || unit.equals("hz")) {
            period = number == 0 ? 0 : SECOND / number;
        } else {
            period = number * Options.unit(unit).orElse(0L);
        }
        if (period >= SHORTEST) {
            add(
                    "profile",
                    "",
                    "",
                    name,
                    new Probe.Source.Clock(period, clock.group(1).equals("profile")));
        }
    }

    private void tracepoints() {
        if (sdt) {
            return;
        }
        sdt = true;
        Optional<Btf> types = kernel.get();
        if (types.isEmpty()) {
            return;
        }
        kernelEvents.addAll(types.get().tracepoints());
        for (String line : lines("probes.txt")) {
            String[] words = line.split("(?<!\\|)\\|(?!\\|)");
            if (kernelEvents.contains(words[2])) {
                add(
                        words[0],
                        "vmlinux",
                        "",
                        words[1],
                        new Probe.Source.Tracepoint(
                                words[2],
                                words[3].equals("-") ? Optional.empty() : Optional.of(Integer.valueOf(words[3])),
                                words[4].equals("-") ? Optional.empty() : Optional.of(words[4]),
                                List.of(words).subList(5, words.length)));
            }
        }
        for (String event : types.get().tracepoints()) {
            add(
                    "sdt",
                    "vmlinux",
                    "",
                    event,
                    new Probe.Source.Tracepoint(event, Optional.empty(), Optional.empty(), List.of()));
        }
    }

    /** Why a provider of illumos has no such probe here; empty when there is none of that name either, and in zones. */
    public Optional<String> whyMissing(String provider) {
        return view.isAll() ? why(provider) : Optional.empty();
    }

    private Optional<String> why(String provider) {
        if (provider.equals(FBT)) {
            return functions.whyNot();
        }
        if (provider.startsWith(UserLocks.PROVIDER) && OWN.matcher(provider).matches()) {
            return Optional.of("the C library has no place where a thread is known to wait: there are mutex-acquire,"
                    + " mutex-release, mutex-error, rw-acquire, rw-release and rw-error of processes that use it");
        }
        return Optional.ofNullable(
                switch (provider) {
                    case "lockstat" ->
                        "the kernel tells of locks that are waited for, and not of those that are taken or given back:"
                                + " there are adaptive-block, adaptive-spin, spin-spin and rw-block";
                    case "plockstat" -> "its probes are those of a process: plockstat$target";
                    case Counters.PROVIDER -> counters.whyNot();
                    case "mib" -> "the kernel counts these without a place where a program could be attached";
                    case "nfsv3", "nfsv4" -> "the provider " + provider + " is not implemented";
                    default -> null;
                });
    }

    /** What is wrong with a description of places in a process that matches nothing: an error's tag and its words. */
    public Optional<Map.Entry<String, String>> refusal(Pattern pattern) {
        Matcher process = PROCESS.matcher(pattern.provider());
        if (!process.matches()) {
            return Optional.empty();
        }
        OptionalLong number = view.process(Long.parseLong(process.group(1)));
        if (number.isEmpty()) {
            return Optional.of(Map.entry("D_PROC_GRAB", "failed to grab process " + process.group(1)));
        }
        return new UserPlaces(number.getAsLong(), view)
                .refusal(pattern)
                .map(refusal -> Map.entry(refusal.tag(), refusal.words()));
    }

    /** Everything that was found so far. */
    public List<Probe> known() {
        return new ArrayList<>(probes.values());
    }
}
