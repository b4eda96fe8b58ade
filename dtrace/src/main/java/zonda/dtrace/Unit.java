package zonda.dtrace;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.dtrace.code.Attributes;
import zonda.dtrace.code.Compiler;
import zonda.dtrace.code.Names;
import zonda.dtrace.code.Operand;
import zonda.dtrace.code.Options;
import zonda.dtrace.code.Shape;
import zonda.dtrace.code.Translator;
import zonda.dtrace.provider.Pattern;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.provider.ProbeTable;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.Item;
import zonda.dtrace.syntax.Macros;
import zonda.dtrace.syntax.Parser;
import zonda.dtrace.syntax.TypeExpr;
import zonda.dtrace.types.Btf;
import zonda.dtrace.types.DType;
import zonda.dtrace.types.KernelFunctions;
import zonda.dtrace.types.TypeTable;

/** All programs of one command line, checked: clauses with the probes they mean, and what their names stand for. */
final class Unit {
    /** A clause and the probes that it is for. */
    record Enabling(Item.Clause clause, List<Probe> probes) {}

    private static final Macros NO_MACROS = new Macros(Map.of(), List.of("dtrace"), false);

    private final TypeTable types;
    private final Options options;
    private final Names names;
    private final ProbeTable probes;
    private final Compiler compiler;
    private final List<Enabling> enablings = new ArrayList<>();
    private final Providers providers = new Providers();
    private final Bookkeeping bookkeeping = new Bookkeeping();
    private final Map<String, Expr> providerExpressions = new HashMap<>();

    Unit(TypeTable types, Options options, ProbeTable probes, Compiler.Invoker invoker) {
        this.types = types;
        this.options = options;
        this.probes = probes;
        this.names = new Names(types, options);
        this.compiler = new Compiler(names, invoker);
        boolean zone = invoker.confinement().isPresent();
        for (String part : List.of("library.d", zone ? "threads-zone.d" : "threads.d")) {
            for (Item item : Parser.parse(Library.text(part), NO_MACROS, types::isType)) {
                define(item);
            }
        }
        if (zone) {
            names.confine();
        }
        names.ownFromHere();
    }

    boolean isProvider(String name) {
        return !probes.find(Pattern.parse(name + ":::")).isEmpty();
    }

    Names names() {
        return names;
    }

    Compiler compiler() {
        return compiler;
    }

    List<Enabling> enablings() {
        return enablings;
    }

    /**
     * Adds a program.
     *
     * @param descriptions whether a clause may consist of a description alone
     * @return how many probes its clauses mean
     * @throws DError with a tag, a line and words
     */
    int add(String text, Macros macros, boolean descriptions) {
        names.target(macros.target());
        List<Item> items = Parser.parse(text, macros, types::isType);
        int matched = 0;
        boolean empty = items.stream().allMatch(Item.Pragma.class::isInstance);
        if (items.isEmpty() && !options.is("empty")) {
            throw new DError("D_EMPTY", 0, "empty D program translation unit");
        }
        var pragmas = new Pragmas(options, names, this::isProvider);
        for (Item item : items) {
            if (item instanceof Item.Pragma pragma) {
                pragmas.apply(pragma);
            }
        }
        if (empty && !options.is("empty")) {
            throw new DError("D_EMPTY", 0, "empty D program translation unit");
        }
        for (Item item : items) {
            if (item instanceof Item.Clause clause) {
                if (clause.noBraces() && clause.predicate().isEmpty() && !descriptions && !options.is("pspec")) {
                    throw new DError(
                            "D_SYNTAX", clause.line(), "expected predicate and/or actions following probe description");
                }
                matched += enable(clause);
                options.word("amin").flatMap(Attributes::parse).ifPresent(least -> stable(clause, least));
            } else {
                define(item);
            }
        }
        pragmas.checkUsed();
        return matched;
    }

    /** Adds the definitions of a library. What it depends on has been looked after. */
    void library(String text) {
        List<Item> items = Parser.parse(text, NO_MACROS, types::isType);
        var pragmas = new Pragmas(options, names, this::isProvider);
        for (Item item : items) {
            if (item instanceof Item.Pragma pragma) {
                if (!pragma.text().startsWith("D depends_on")) {
                    pragmas.apply(pragma);
                }
            } else {
                define(item);
            }
        }
    }

    /** What a clause names must be as stable as the option amin asks for. */
    private void stable(Item.Clause clause, Attributes least) {
        Stability.leastStable(clause, enablings.getLast().probes(), names, least)
                .ifPresent(found -> {
                    throw new DError(
                            "D_ATTR_MIN",
                            found.line(),
                            "attributes for scalar " + found.identifier().orElse("") + " ("
                                    + Stability.of(found, enablings.getLast().probes(), names)
                                    + ") are less than predefined minimum");
                });
    }

    private DType type(TypeExpr written) {
        return types.resolve(written, names::constant);
    }

    private List<DType> keys(TypeExpr type) {
        return type instanceof TypeExpr.Associative(var _, var _, List<TypeExpr> written)
                ? written.stream().map(this::type).toList()
                : List.of();
    }

    private void define(Item item) {
        switch (item) {
            case Item.Typedef(var _, String name, TypeExpr type) -> types.define(name, type(type));
            case Item.Declaration declaration -> declare(declaration);
            case Item.Inline(int line, String name, TypeExpr type, Expr value, List<String> parameters) ->
                names.inline(line, name, type(type), value, parameters, keys(type));
            case Item.Translator(int line, TypeExpr output, TypeExpr input, String parameter, var members) -> {
                var values = new LinkedHashMap<String, Expr>();
                members.forEach(member -> values.put(member.member(), member.value()));
                names.add(line, new Translator(type(output), type(input), parameter, values));
            }
            case Item.Provider provider -> providers.add(provider, this::type);
            case Item.Clause _, Item.Pragma _ -> {}
        }
    }

    private void declare(Item.Declaration declaration) {
        DType type = type(declaration.type());
        if (declaration.name().isEmpty() || declaration.type() instanceof TypeExpr.Function) {
            return;
        }
        Library.declare(names, declaration, type, keys(declaration.type()));
    }

    /** Providers that the programs declare. */
    Providers providers() {
        return providers;
    }

    /** With -x zone a clause is for what that zone does, unless its probes are of no zone. */
    private Item.Clause inZone(Item.Clause clause, Collection<Probe> found) {
        Optional<String> zone = options.word("zone");
        boolean ofNone = found.stream()
                .allMatch(probe -> probe.source() instanceof Probe.Source.Begin
                        || probe.source() instanceof Probe.Source.End
                        || probe.source() instanceof Probe.Source.Error
                        || probe.source() instanceof Probe.Source.Clock(var _, boolean everywhere) && !everywhere);
        if (zone.isEmpty() || ofNone) {
            return clause;
        }
        int line = clause.line();
        Expr inside =
                new Expr.Binary(line, "==", new Expr.Ident(line, "zonename"), new Expr.StrConst(line, zone.get()));
        Expr predicate = clause.predicate()
                .<Expr>map(written -> new Expr.Binary(line, "&&", inside, written))
                .orElse(inside);
        return new Item.Clause(line, clause.probes(), Optional.of(predicate), clause.body(), clause.noBraces());
    }

    /** All programs have been added: what their probes need besides comes behind them. */
    void complete() {
        for (String text : bookkeeping.clauses()) {
            Parser.parse(text, NO_MACROS, types::isType).forEach(item -> enable((Item.Clause) item));
        }
    }

    private int enable(Item.Clause written) {
        var found = new LinkedHashMap<Integer, Probe>();
        int matched = 0;
        for (String description : written.probes()) {
            Pattern pattern;
            try {
                pattern = Pattern.parse(description);
            } catch (IllegalArgumentException e) {
                throw new DError(
                        "D_PDESC_INVAL",
                        written.line(),
                        "invalid probe description \"" + description + "\": Overspecified probe description");
            }
            List<Probe> some = probes.find(pattern);
            if (some.isEmpty() && !options.is("zdefs")) {
                throw none(written, pattern);
            }
            matched += some.size();
            some.forEach(probe -> found.put(probe.id(), probe));
        }
        String needed = bookkeeping.variables(found.values());
        if (!needed.isEmpty()) {
            library(needed);
        }
        Item.Clause clause = inZone(written, found.values());
        var shapes = new LinkedHashMap<String, Shape>();
        for (Probe probe : found.values()) {
            shapes.computeIfAbsent(signature(probe, clause), _ -> shape(probe));
        }
        if (shapes.isEmpty()) {
            shapes.put("", Shape.of(Shape.Site.RUN));
        }
        shapes.values().forEach(shape -> compiler.check(clause, shape));
        enablings.add(new Enabling(clause, List.copyOf(found.values())));
        return matched;
    }

    private DError none(Item.Clause clause, Pattern pattern) {
        if (pattern.id() >= 0) {
            return new DError(
                    "D_PDESC_INVAL",
                    clause.line(),
                    "invalid probe identifier " + pattern.id() + ": Unknown probe identifier");
        }
        var refusal = probes.refusal(pattern);
        if (refusal.isPresent()) {
            return new DError(
                    refusal.get().getKey(), clause.line(), refusal.get().getValue());
        }
        String full = pattern.provider() + ":" + pattern.module() + ":" + pattern.function() + ":" + pattern.name();
        String why = probes.whyMissing(pattern.provider())
                .map(text -> " (" + text + ")")
                .orElse("");
        return new DError(
                "D_PDESC_ZERO", clause.line(), "probe description " + full + " does not match any probes" + why);
    }

    /** Probes with the same signature bring the same things to a clause. */
    String signature(Probe probe, Item.Clause clause) {
        return switch (probe.source()) {
            case Probe.Source.Function function ->
                "function " + function.returns()
                        + (Expressions.usesTypedArguments(clause)
                                ? functionTypes(function).stream()
                                        .map(DType::name)
                                        .toList()
                                : "");
            case Probe.Source.Tracepoint(String event, var _, var _, List<String> arguments) -> event + arguments;
            case Probe.Source.Syscall(var _, boolean entry) -> "syscall " + entry;
            case Probe.Source.Clock(var _, boolean everywhere) -> "clock " + everywhere;
            case Probe.Source.Counter _ -> "clock true";
            case Probe.Source.User(var _, var _, boolean returns, var _) -> "user " + returns;
            case Probe.Source.Lock lock -> "lock " + lock.returns() + lock.arguments();
            case Probe.Source.Usdt(List<Probe.Site> sites, var _) ->
                "usdt " + Operand.types(sites.getFirst().arguments());
            default -> probe.source().getClass().getSimpleName();
        };
    }

    /** What a clause sees of a probe. */
    Shape shape(Probe probe) {
        var full = new Shape.Names(probe.id(), probe.provider(), probe.module(), probe.function(), probe.name());
        return switch (probe.source()) {
            case Probe.Source.Begin(), Probe.Source.End() ->
                Shape.of(Shape.Site.RUN).withNames(full);
            case Probe.Source.Error() -> Shape.of(Shape.Site.ERROR).withNames(full);
            case Probe.Source.Syscall(var _, boolean entry) ->
                Shape.of(entry ? Shape.Site.SYSCALL_ENTRY : Shape.Site.SYSCALL_RETURN)
                        .withNames(full);
            case Probe.Source.Clock(var _, boolean everywhere) ->
                Shape.of(everywhere ? Shape.Site.CLOCK : Shape.Site.TICK).withNames(full);
            case Probe.Source.Counter _ -> Shape.of(Shape.Site.CLOCK).withNames(full);
            case Probe.Source.User(var _, var _, boolean returns, var _) ->
                Shape.of(returns ? Shape.Site.USER_RETURN : Shape.Site.USER_ENTRY)
                        .withNames(full);
            case Probe.Source.Usdt(List<Probe.Site> sites, var _) ->
                Shape.of(Shape.Site.USER_NOTE)
                        .withRawTypes(Operand.types(sites.getFirst().arguments()))
                        .withNames(full);
            case Probe.Source.Lock lock ->
                new Shape(
                        lock.returns() ? Shape.Site.USER_RETURN : Shape.Site.USER_ENTRY,
                        List.of(DType.ULONG, DType.INT),
                        arguments(lock.arguments()),
                        Optional.of(full),
                        Optional.empty(),
                        lock.condition().map(this::expression),
                        List.of());
            case Probe.Source.Tracepoint tracepoint -> tracepoint(tracepoint, full);
            case Probe.Source.Function function ->
                Shape.of(function.returns() ? Shape.Site.FUNCTION_RETURN : Shape.Site.FUNCTION_ENTRY)
                        .withRawTypes(functionTypes(function))
                        .withNames(full);
        };
    }

    /**
     * Types of what a function of the kernel takes, up to the first that is not in a register of its own; for its return
     * as on illumos: where in the function that is, then the result.
     */
    private List<DType> functionTypes(Probe.Source.Function function) {
        Optional<Btf> kernel = types.kernelTypes();
        Optional<Btf> own = function.module().equals(KernelFunctions.KERNEL)
                ? kernel
                : kernel.flatMap(btf -> btf.module(function.module()));
        Optional<Btf.Prototype> known = own.flatMap(btf -> btf.function(function.name()));
        if (known.isEmpty()) {
            return List.of();
        }
        if (function.returns()) {
            DType result = known.get().result();
            return isInRegister(result) ? List.of(DType.INT, result) : List.of(DType.INT);
        }
        return known.get().parameters().stream().takeWhile(Unit::isInRegister).toList();
    }

    private static boolean isInRegister(DType type) {
        return type.size() > 0 && type.size() <= Long.BYTES && !(type instanceof DType.Struct);
    }

    private List<Shape.Argument> arguments(List<String> written) {
        return written.stream()
                .map(argument -> {
                    int equals = argument.indexOf(" = ");
                    return new Shape.Argument(
                            argument.substring(0, equals).strip(), expression(argument.substring(equals + 3)));
                })
                .toList();
    }

    private Shape tracepoint(Probe.Source.Tracepoint tracepoint, Shape.Names full) {
        List<DType> raw = types.kernelTypes()
                .map(btf -> btf.tracepointArguments(tracepoint.event()))
                .orElse(List.of());
        return new Shape(
                Shape.Site.TRACEPOINT,
                raw,
                arguments(tracepoint.arguments()),
                Optional.of(full),
                tracepoint.task(),
                tracepoint.condition().map(this::expression),
                List.of());
    }

    private Expr expression(String text) {
        return providerExpressions.computeIfAbsent(text, _ -> {
            List<Item> items = Parser.parse("inline int x = " + text + ";", NO_MACROS, types::isType);
            return ((Item.Inline) items.getFirst()).value();
        });
    }
}
