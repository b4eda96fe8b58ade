package zonda.dtrace;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import zonda.dtrace.code.Compiler;
import zonda.dtrace.code.Compiler.Dispatch;
import zonda.dtrace.code.Compiler.Enabled;
import zonda.dtrace.code.Operand;
import zonda.dtrace.code.Shape;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.syntax.DError;

/**
 * Which programs there must be: one for all entries of system calls, one for all returns, one for each set of clauses at
 * places of processes, and one for each probe of other kinds.
 */
final class Programs {
    private static final int MOST_CLAUSES = 62;

    /**
     * A program to be loaded and attached.
     *
     * @param probes what it is attached to; more than one for system calls and places only
     * @param masks for each of these the clauses, as bits
     * @param layouts numbers of the records that it writes
     */
    record Planned(
            Compiler.Program program,
            Dispatch dispatch,
            List<Probe> probes,
            List<Long> masks,
            List<Integer> indexes,
            List<Integer> layouts,
            String operands) {}

    private final Unit unit;
    private final List<Probe> enabled = new ArrayList<>();
    private final Map<Integer, Integer> indexes = new HashMap<>();
    /** For each probe's index the enablings it has, with the id of each enabled probe. */
    private final Map<Integer, Map<Integer, Integer>> epids = new LinkedHashMap<>();

    private final List<Planned> planned = new ArrayList<>();

    Programs(Unit unit) {
        this.unit = unit;
    }

    /** Probes by the index that programs know them by. */
    List<Probe> enabled() {
        return enabled;
    }

    List<Planned> plan() {
        unit.complete();
        int epid = 1;
        List<Unit.Enabling> enablings = unit.enablings();
        for (int i = 0; i < enablings.size(); i++) {
            for (Probe probe : enablings.get(i).probes()) {
                int index = indexes.computeIfAbsent(probe.id(), _ -> {
                    enabled.add(probe);
                    return enabled.size() - 1;
                });
                epids.computeIfAbsent(index, _ -> new LinkedHashMap<>()).put(i, epid++);
            }
        }
        errors();
        var groups = new LinkedHashMap<String, List<Integer>>();
        for (int index : epids.keySet()) {
            groups.computeIfAbsent(group(index), _ -> new ArrayList<>()).add(index);
        }
        groups.forEach((group, members) -> {
            if (!group.equals("error")) {
                for (String operands : operands(members)) {
                    planned.add(program(members, operands));
                }
            }
        });
        return planned;
    }

    private void errors() {
        for (int index : epids.keySet()) {
            if (enabled.get(index).source() instanceof Probe.Source.Error) {
                unit.compiler().onError(clauses(List.of(index)), index);
            }
        }
    }

    private String group(int index) {
        return switch (enabled.get(index).source()) {
            case Probe.Source.Error() -> "error";
            case Probe.Source.Syscall(var _, boolean entry) -> "syscall " + entry;
            case Probe.Source.User(var _, var _, boolean returns, var _) ->
                "user " + returns + " " + epids.getOrDefault(index, Map.of()).keySet();
            case Probe.Source.Function _ -> {
                var clauses = epids.getOrDefault(index, Map.of()).keySet();
                yield clauses
                        + clauses.stream()
                                .map(number -> unit.signature(
                                        enabled.get(index),
                                        unit.enablings().get(number).clause()))
                                .toList()
                                .toString();
            }
            default -> "one " + index;
        };
    }

    /** The clauses that any of the probes have, in the order of the program. */
    private List<Enabled> clauses(List<Integer> members) {
        var clauses = new ArrayList<Enabled>();
        for (int i = 0; i < unit.enablings().size(); i++) {
            for (int index : members) {
                Integer epid = epids.getOrDefault(index, Map.of()).get(i);
                if (epid != null) {
                    clauses.add(new Enabled(unit.enablings().get(i).clause(), clauses.size(), epid - index));
                    break;
                }
            }
        }
        if (clauses.size() > MOST_CLAUSES && members.size() > 1) {
            throw new DError("D_PROG_BIG", 0, "more than " + MOST_CLAUSES + " clauses for probes that share a program");
        }
        return clauses;
    }

    private long mask(int index, List<Enabled> clauses) {
        long mask = 0;
        int bit = 0;
        for (int i = 0; i < unit.enablings().size(); i++) {
            if (bit < clauses.size()
                    && unit.enablings().get(i).clause() == clauses.get(bit).clause()) {
                if (epids.getOrDefault(index, Map.of()).containsKey(i)) {
                    mask |= 1L << bit;
                }
                bit++;
            }
        }
        return mask;
    }

    /** A USDT probe needs a program for each way in which its places have their arguments. */
    private List<String> operands(List<Integer> members) {
        return enabled.get(members.getFirst()).source() instanceof Probe.Source.Usdt(List<Probe.Site> sites, var _)
                ? sites.stream().map(Probe.Site::arguments).distinct().toList()
                : List.of("");
    }

    private Planned program(List<Integer> members, String operands) {
        List<Enabled> clauses = clauses(members);
        Probe first = enabled.get(members.getFirst());
        Dispatch dispatch = switch (first.source()) {
            case Probe.Source.Syscall _ -> Dispatch.SYSCALL;
            case Probe.Source.User _, Probe.Source.Function _ -> Dispatch.COOKIE;
            default -> Dispatch.ONE;
        };
        Shape shape =
                members.size() == 1 ? unit.shape(first) : unit.shape(first).withoutNames();
        if (!operands.isEmpty()) {
            shape = shape.withOperands(Operand.parse(operands));
        }
        int known = unit.compiler().layouts().size();
        Compiler.Program program = unit.compiler().compile(shape, clauses, dispatch, members.getFirst());
        return new Planned(
                program,
                dispatch,
                members.stream().map(enabled::get).toList(),
                members.stream().map(index -> mask(index, clauses)).toList(),
                members,
                IntStream.range(known, unit.compiler().layouts().size()).boxed().toList(),
                operands);
    }
}
