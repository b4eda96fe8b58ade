package zonda.dtrace;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.dtrace.code.Attributes;
import zonda.dtrace.code.Names;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.Item;
import zonda.dtrace.syntax.Stmt;

/** How far probes and clauses may be relied on, as -v reports it. */
final class Stability {
    /** Of a provider's: its name, modules, functions, probe names, and arguments. */
    private record Provider(
            Attributes provider, Attributes module, Attributes function, Attributes name, Attributes arguments) {
        static Provider of(String provider, String module, String function, String name, String arguments) {
            return new Provider(
                    Attributes.of(provider),
                    Attributes.of(module),
                    Attributes.of(function),
                    Attributes.of(name),
                    Attributes.of(arguments));
        }
    }

    private static final String NOTHING = "Private/Private/Unknown";
    private static final String COMMON = "Evolving/Evolving/Common";
    private static final String ISA = "Evolving/Evolving/ISA";
    private static final Map<String, Provider> PROVIDERS = Map.of(
            "dtrace",
            Provider.of("Stable/Stable/Common", NOTHING, NOTHING, "Stable/Stable/Common", "Stable/Stable/Common"),
            "syscall",
            Provider.of(COMMON, NOTHING, "Unstable/Unstable/ISA", COMMON, "Unstable/Unstable/ISA"),
            "profile",
            Provider.of(COMMON, "Unstable/Unstable/Unknown", NOTHING, COMMON, COMMON),
            "fbt",
            Provider.of(COMMON, NOTHING, NOTHING, COMMON, "Private/Private/ISA"),
            "sdt",
            Provider.of(COMMON, NOTHING, NOTHING, "Private/Private/ISA", "Private/Private/ISA"),
            "lockstat",
            Provider.of(COMMON, NOTHING, NOTHING, COMMON, NOTHING),
            "vminfo",
            Provider.of(ISA, NOTHING, NOTHING, ISA, "Private/Private/ISA"),
            "sysinfo",
            Provider.of(ISA, NOTHING, NOTHING, ISA, "Private/Private/ISA"));
    private static final Provider KERNEL = Provider.of(ISA, NOTHING, NOTHING, ISA, ISA);
    private static final Provider PROCESS = Provider.of(ISA, NOTHING, NOTHING, NOTHING, NOTHING);
    private static final Provider PROGRAM = Provider.of(NOTHING, NOTHING, NOTHING, NOTHING, NOTHING);

    private Stability() {}

    private static Provider provider(Probe probe) {
        Provider known = PROVIDERS.get(probe.provider());
        if (known != null) {
            return known;
        }
        return switch (probe.source()) {
            case Probe.Source.User _, Probe.Source.Lock _ -> PROCESS;
            case Probe.Source.Usdt _ -> PROGRAM;
            default -> KERNEL;
        };
    }

    /** Of a probe's description: of those parts that it has. */
    static Attributes description(Probe probe) {
        Provider provider = provider(probe);
        Attributes least = provider.provider();
        if (!probe.module().isEmpty()) {
            least = least.least(provider.module());
        }
        if (!probe.function().isEmpty()) {
            least = least.least(provider.function());
        }
        return probe.name().isEmpty() ? least : least.least(provider.name());
    }

    static Attributes arguments(Probe probe) {
        return provider(probe).arguments();
    }

    /** Of all that a clause names. */
    static Attributes statements(Item.Clause clause, List<Probe> probes, Names names) {
        return expressions(clause)
                .map(expression -> of(expression, probes, names))
                .reduce(Attributes.STABLE, Attributes::least);
    }

    /** The first thing that a clause names that is less stable than it has to be. */
    static Optional<Expr> leastStable(Item.Clause clause, List<Probe> probes, Names names, Attributes least) {
        return expressions(clause)
                .filter(expression -> of(expression, probes, names).isBelow(least))
                .findFirst();
    }

    private static Stream<Expr> expressions(Item.Clause clause) {
        return Stream.concat(clause.predicate().stream(), clause.body().stream().flatMap(Stability::expressions))
                .flatMap(Stability::all);
    }

    private static Stream<Expr> expressions(Stmt statement) {
        return switch (statement) {
            case Stmt.Do(var _, Expr expression) -> Stream.of(expression);
            case Stmt.If(var _, Expr condition, List<Stmt> yes, List<Stmt> no) ->
                Stream.concat(
                        Stream.of(condition),
                        Stream.concat(yes.stream(), no.stream()).flatMap(Stability::expressions));
        };
    }

    static Attributes of(Expr expression, List<Probe> probes, Names names) {
        return switch (expression) {
            case Expr.KernelSymbol _ -> Attributes.of(NOTHING);
            case Expr.Ident(var _, String name) when name.equals("curthread") -> Attributes.of("Stable/Private/Common");
            case Expr.Ident(var _, String name)
            when name.equals("args") ->
                probes.stream().map(Stability::arguments).reduce(Attributes.STABLE, Attributes::least);
            case Expr.Ident(var _, String name) -> names.attributes(name);
            default -> Attributes.STABLE;
        };
    }

    /** An expression and all that it consists of. */
    private static Stream<Expr> all(Expr expression) {
        return Stream.concat(Stream.of(expression), parts(expression).stream().flatMap(Stability::all));
    }

    private static List<Expr> parts(Expr expression) {
        return switch (expression) {
            case Expr.IntConst _,
                    Expr.StrConst _,
                    Expr.Ident _,
                    Expr.Scoped _,
                    Expr.KernelSymbol _,
                    Expr.SizeofType _,
                    Expr.Offsetof _ -> List.of();
            case Expr.Index(var _, Expr base, List<Expr> keys) ->
                Stream.concat(Stream.of(base), keys.stream()).toList();
            case Expr.Aggregation(var _, var _, List<Expr> keys) -> keys;
            case Expr.Call(var _, var _, List<Expr> arguments) -> arguments;
            case Expr.Unary(var _, var _, Expr operand) -> List.of(operand);
            case Expr.Binary(var _, var _, Expr left, Expr right) -> List.of(left, right);
            case Expr.Conditional(var _, Expr condition, Expr yes, Expr no) -> List.of(condition, yes, no);
            case Expr.Assign(var _, var _, Expr target, Expr value) -> List.of(target, value);
            case Expr.Step(var _, Expr target, var _, var _) -> List.of(target);
            case Expr.Member(var _, Expr base, var _, var _) -> List.of(base);
            case Expr.Cast(var _, var _, Expr operand) -> List.of(operand);
            case Expr.SizeofExpr(var _, Expr operand) -> List.of(operand);
            case Expr.Stringof(var _, Expr operand) -> List.of(operand);
            case Expr.Xlate(var _, var _, Expr operand) -> List.of(operand);
            case Expr.Comma(var _, List<Expr> all) -> all;
        };
    }
}
