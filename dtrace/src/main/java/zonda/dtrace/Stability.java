package zonda.dtrace;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.dtrace.code.Attributes;
import zonda.dtrace.code.Names;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.Item;

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
            "cpc",
            Provider.of(COMMON, NOTHING, NOTHING, COMMON, COMMON),
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
        return Expressions.of(clause)
                .map(expression -> of(expression, probes, names))
                .reduce(Attributes.STABLE, Attributes::least);
    }

    /** The first thing that a clause names that is less stable than it has to be. */
    static Optional<Expr> leastStable(Item.Clause clause, List<Probe> probes, Names names, Attributes least) {
        return Expressions.of(clause)
                .filter(expression -> of(expression, probes, names).isBelow(least))
                .findFirst();
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
}
