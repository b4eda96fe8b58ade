package zonda.dtrace;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import zonda.dtrace.code.Shape;
import zonda.dtrace.provider.Pattern;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.provider.ProbeTable;
import zonda.dtrace.types.DType;

/** dtrace -l and --explain: which probes there are, and what they bring. */
final class Listing {
    private final ProbeTable probes;
    private final Unit unit;
    private final Dtrace.Terminal terminal;
    private final Outlet outlet;

    /** @param outlet where the lists go */
    Listing(ProbeTable probes, Unit unit, Dtrace.Terminal terminal, Outlet outlet) {
        this.outlet = outlet;
        this.probes = probes;
        this.unit = unit;
        this.terminal = terminal;
    }

    /** The line above all. */
    void header() {
        outlet.out(row("ID", "PROVIDER", "MODULE", "FUNCTION", "NAME"));
    }

    void all(boolean verbose) {
        show(probes.all(), verbose);
    }

    /** What a description matches; that nothing does is said, and is no failure. */
    void list(Pattern pattern, boolean verbose) {
        List<Probe> found = probes.find(pattern);
        if (found.isEmpty()) {
            String why = probes.whyMissing(pattern.provider())
                    .map(text -> ": " + text)
                    .orElse("");
            terminal.err("dtrace: failed to match " + full(pattern) + ": No probe matches description" + why);
        }
        show(found, verbose);
    }

    private void show(List<Probe> found, boolean verbose) {
        var out = new StringBuilder();
        for (Probe probe : found) {
            out.append(row(
                    Integer.toString(probe.id()), probe.provider(), probe.module(), probe.function(), probe.name()));
            if (verbose) {
                out.append(attributes(probe));
            }
        }
        outlet.out(out.toString());
    }

    private static String row(String id, String provider, String module, String function, String name) {
        return String.format(Locale.ROOT, "%5s %10s %17s %33s %s\n", id, provider, module, function, name);
    }

    private static String full(Pattern pattern) {
        return pattern.id() >= 0
                ? String.valueOf(pattern.id())
                : pattern.provider() + ":" + pattern.module() + ":" + pattern.function() + ":" + pattern.name();
    }

    /** What -v tells of a probe. */
    String attributes(Probe probe) {
        var out = new StringBuilder("\n\tProbe Description Attributes\n");
        out.append(Stability.description(probe).report());
        out.append("\n\tArgument Attributes\n");
        out.append(Stability.arguments(probe).report());
        out.append("\n\tArgument Types\n");
        List<String> types = argumentTypes(probe);
        if (types.isEmpty()) {
            out.append("\t\tNone\n");
        }
        for (int i = 0; i < types.size(); i++) {
            out.append("\t\targs[").append(i).append("]: ").append(types.get(i)).append('\n');
        }
        return out.append('\n').toString();
    }

    private List<String> argumentTypes(Probe probe) {
        Shape shape = unit.shape(probe);
        var types = new ArrayList<String>();
        if (shape.arguments().isEmpty()) {
            for (DType type : shape.rawTypes()) {
                types.add(type.name());
            }
        } else {
            shape.arguments().forEach(argument -> types.add(argument.type()));
        }
        return types;
    }

    int explain(String description) {
        List<Probe> found = probes.find(Pattern.parse(description));
        if (found.isEmpty()) {
            terminal.err("dtrace: no probe matches " + description);
            return 1;
        }
        var out = new StringBuilder();
        for (Probe probe : found) {
            out.append(probe.description()).append("  (ID ").append(probe.id()).append(")\n");
            out.append("  fires: ").append(mechanism(probe)).append('\n');
            List<String> types = argumentTypes(probe);
            for (int i = 0; i < types.size(); i++) {
                out.append("  args[")
                        .append(i)
                        .append("]  ")
                        .append(types.get(i))
                        .append('\n');
            }
            out.append("  example: dtrace -n '").append(probe.description()).append(" { @[execname] = count(); }'\n");
        }
        terminal.out(out.toString());
        return 0;
    }

    private static String mechanism(Probe probe) {
        return switch (probe.source()) {
            case Probe.Source.Begin() -> "before anything else";
            case Probe.Source.End() -> "after everything else";
            case Probe.Source.Error() -> "when a clause fails; arg4 is the kind of fault, arg5 the address";
            case Probe.Source.Syscall(int number, boolean entry) ->
                entry
                        ? "when system call " + number + " is entered; arg0 and on are its arguments"
                        : "when system call " + number + " returns; arg1 is its result, errno its error";
            case Probe.Source.Clock(long period, boolean everywhere) ->
                "every " + period + " ns on " + (everywhere ? "every processor" : "one processor");
            case Probe.Source.Counter counter ->
                "on every processor, each time that it has counted " + counter.count() + " events";
            case Probe.Source.Tracepoint tracepoint ->
                "at the kernel's tracepoint " + tracepoint.event()
                        + tracepoint
                                .condition()
                                .map(condition -> " when " + condition)
                                .orElse("");
            case Probe.Source.Function function ->
                function.returns()
                        ? "when the kernel's function " + function.name() + " returns; arg1 is its result"
                        : "when the kernel's function " + function.name() + " is called; arg0 and on are its arguments";
            case Probe.Source.Usdt(var sites, long process) ->
                "where process " + process + " says so, at " + sites.size() + " places";
            case Probe.Source.Lock lock ->
                "when " + probe.function() + " " + (lock.returns() ? "returns" : "is called") + " in process "
                        + lock.process()
                        + lock.condition().map(condition -> " and " + condition).orElse("");
            case Probe.Source.User user ->
                (user.returns() ? "when the function returns" : "at the instruction") + " in process " + user.process();
        };
    }
}
