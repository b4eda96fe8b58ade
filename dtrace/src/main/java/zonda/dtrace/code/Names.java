package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntSupplier;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;
import zonda.dtrace.types.TypeTable;

/** What the names of one program stand for: its variables, aggregations, inlines and translators. */
public final class Names {
    /** An inline: a name for an expression. @param parameters what its keys are called @param own not the library's */
    record Inline(DType type, Expr value, List<String> parameters, List<DType> keys, boolean own) {}

    /** Expressions that a zone's session may consist of, each as often as it is compiled. */
    private static final int MOST_EXPRESSIONS = 1 << 19;

    private final TypeTable types;
    private final Options options;
    private final Map<String, Var> variables = new LinkedHashMap<>();
    private final Map<String, Aggregate> aggregates = new LinkedHashMap<>();
    private final Map<String, Inline> inlines = new HashMap<>();
    private final List<Translator> translators = new ArrayList<>();
    private final Map<String, Integer> lines = new HashMap<>();
    private final Map<String, Attributes> attributes = new HashMap<>();
    private final Map<Expr.Scope, Integer> sizes = new HashMap<>();
    private int arrays;
    private boolean own;
    private boolean destructive;
    private boolean speculates;
    private boolean confined;
    private int expressions;
    private long target;
    private IntSupplier unwindRows = () -> 0;

    public Names(TypeTable types, Options options) {
        this.types = types;
        this.options = options;
    }

    /** An expression is settled. Inlines that use each other can make much of little. */
    void count() {
        if (confined && ++expressions > MOST_EXPRESSIONS) {
            throw new DError("D_PROG_BIG", 0, "the program is too large");
        }
    }

    /** What is compiled is for a zone, which is not told where things are in the kernel. */
    public void confine() {
        confined = true;
    }

    Optional<Long> kernelFunction(String module, String name) {
        return confined ? Optional.empty() : types.kernelFunction(module, name);
    }

    public TypeTable types() {
        return types;
    }

    public Options options() {
        return options;
    }

    /** The session has a table to unwind processes with. @param rows that it has, known when they are first asked for */
    public void unwinding(IntSupplier rows) {
        unwindRows = rows;
    }

    int unwindRows() {
        return unwindRows.getAsInt();
    }

    /** The process of -c or -p. */
    public void target(long process) {
        target = process;
    }

    long target() {
        return target;
    }

    private static String key(Expr.Scope scope, String name) {
        return scope + " " + name;
    }

    Optional<Var> variable(Expr.Scope scope, String name) {
        return Optional.ofNullable(variables.get(key(scope, name)));
    }

    /** Makes a variable; strings and structures take their size of its scope's memory. */
    Var declare(Expr.Scope scope, String name, DType declared, List<DType> written) {
        // What is kept may be any string, whatever the first one is.
        DType type = full(declared);
        List<DType> keys = written.stream().map(Names::full).toList();
        int place;
        if (keys.isEmpty()) {
            place = sizes.getOrDefault(scope, 0);
            sizes.put(scope, place + Aggregate.size(type, options.stringSize()));
        } else {
            place = arrays++;
        }
        var variable = new Var(scope, name, type, place, keys);
        variables.put(key(scope, name), variable);
        return variable;
    }

    /** A variable as a program declares it; a second declaration must agree. */
    public void declared(int line, Expr.Scope scope, String name, DType type, List<DType> keys) {
        Optional<Var> known = variable(scope, name);
        if (known.isEmpty()) {
            if (scope == Expr.Scope.GLOBAL && kind(name).isPresent()) {
                throw new DError("D_DECL_IDRED", line, "built-in identifier redeclared: " + name);
            }
            if (scope == Expr.Scope.GLOBAL && inline(name).filter(Inline::own).isPresent()) {
                throw new DError(
                        "D_DECL_IDRED",
                        line,
                        "identifier redeclared: " + name + "\n\t current: " + described(type, keys)
                                + "\n\tprevious: scalar "
                                + inline(name).orElseThrow().type().name());
            }
            declare(scope, name, type, keys);
        } else if (!full(known.get().type()).name().equals(full(type).name())
                || known.get().keys().isEmpty() != keys.isEmpty()) {
            throw redeclared(
                    line,
                    name,
                    described(type, keys),
                    described(known.get().type(), known.get().keys()));
        } else {
            sameKeys(line, name, type, keys, known.get());
        }
    }

    private static void sameKeys(int line, String name, DType type, List<DType> keys, Var known) {
        for (int i = 0; i < Math.min(keys.size(), known.keys().size()); i++) {
            if (!keys.get(i).name().equals(known.keys().get(i).name())) {
                String key = "associative array, key #" + (i + 1) + " of type ";
                throw redeclared(
                        line,
                        name,
                        key + keys.get(i).name(),
                        key + known.keys().get(i).name());
            }
        }
        if (keys.size() != known.keys().size()) {
            throw redeclared(
                    line,
                    name,
                    "associative array of " + type.name() + ", tuple length " + keys.size(),
                    "associative array of " + known.type().name() + ", tuple length "
                            + known.keys().size());
        }
    }

    private static String described(DType type, List<DType> keys) {
        return (keys.isEmpty() ? "scalar " : "associative array ") + type.name();
    }

    private static DError redeclared(int line, String name, String current, String previous) {
        return new DError(
                "D_DECL_IDRED",
                line,
                "identifier redeclared: " + name + "\n\t current: " + current + "\n\tprevious: " + previous);
    }

    /** The value of an expression that must be constant. */
    public Optional<Long> constant(Expr expression) {
        return Checker.constant(this, expression);
    }

    private static DType full(DType type) {
        return type.isString() ? DType.STRING : type;
    }

    /** Bytes that the variables of a scope take. */
    public int size(Expr.Scope scope) {
        return sizes.getOrDefault(scope, 0);
    }

    public Collection<Var> variables() {
        return variables.values();
    }

    public Collection<Aggregate> aggregates() {
        return aggregates.values();
    }

    Optional<Aggregate> aggregate(String name) {
        return Optional.ofNullable(aggregates.get(name));
    }

    /** The aggregation of that name; keys that were of another size or kind before are refused. */
    Aggregate aggregate(int line, String name, Aggregate.Function function, List<DType> keys, List<Long> parameters) {
        Aggregate known = aggregates.get(name);
        if (known == null) {
            var made = new Aggregate(aggregates.size() + 1, name, function, keys, parameters);
            aggregates.put(name, made);
            lines.put(name, line);
            return made;
        }
        if (known.function() != function) {
            throw new DError(
                    "D_AGG_REDEF",
                    line,
                    "aggregation redefined: @" + name
                            + "\n\t current: @" + name + " = " + word(function)
                            + "( )\n\tprevious: @" + name + " = " + word(known.function()) + "( ) : line "
                            + lines.getOrDefault(name, 0));
        }
        AggregateActions.sameParameters(line, known, parameters);
        if (known.keys().size() != keys.size()) {
            throw Checker.wrongCount(
                    line, "@" + name + "[ ]", keys.size(), known.keys().size());
        }
        for (int i = 0; i < keys.size(); i++) {
            if (!alike(known.keys().get(i), keys.get(i))) {
                throw Checker.wrongKey(
                        line, "@" + name + "[ ]", i + 1, known.keys().get(i), keys.get(i));
            }
        }
        List<DType> wider = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            wider.add(wider(known.keys().get(i), keys.get(i)));
        }
        var widened = new Aggregate(known.id(), name, function, wider, parameters);
        aggregates.put(name, widened);
        return widened;
    }

    /** A key must have room for the longest string that any statement uses. */
    private static DType wider(DType one, DType other) {
        if (one instanceof DType.Str(int left) && other instanceof DType.Str(int right)) {
            return left == 0 || right == 0 ? DType.STRING : left >= right ? one : other;
        }
        return one;
    }

    static String word(Aggregate.Function function) {
        return function.name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Whether a value of one type can be a key where the other is expected. */
    static boolean alike(DType one, DType other) {
        if (one instanceof DType.Addresses || other instanceof DType.Addresses) {
            return one.equals(other);
        }
        if (one instanceof DType.Struct || other instanceof DType.Struct) {
            return one.name().equals(other.name());
        }
        return one.isString() == other.isString();
    }

    /** Defines an inline. @param parameters names of its keys, with their types; empty for a plain one */
    public void inline(int line, String name, DType type, Expr value, List<String> parameters, List<DType> keys) {
        if (own) {
            previous(name).ifPresent(kind -> {
                throw new DError(
                        "D_DECL_IDRED",
                        line,
                        "identifier redefined: " + name + "\n\t current: inline definition\n\tprevious: " + kind);
            });
            if (type instanceof DType.Void) {
                throw new DError("D_DECL_VOIDOBJ", line, "cannot declare void inline: " + name);
            }
            checkInline(line, name, type, value, parameters, keys);
        }
        inlines.put(name, new Inline(type, value, parameters, keys, own));
    }

    private Optional<String> previous(String name) {
        Inline known = inlines.get(name);
        if (known != null && known.own()) {
            return Optional.of("scalar inline");
        }
        return variable(Expr.Scope.GLOBAL, name)
                .map(variable -> (variable.isArray() ? "associative array" : "scalar") + " ")
                .or(() -> kind(name).map(kind -> kind + " "));
    }

    private void checkInline(int line, String name, DType type, Expr value, List<String> parameters, List<DType> keys) {
        Op op = Checker.outside(this, parameters, keys).check(value);
        boolean translated = op instanceof Op.Translated seen
                && seen.translator()
                        .output()
                        .name()
                        .equals(type instanceof DType.Pointer(DType to) ? to.name() : type.name());
        if (!translated && !Checker.fits(type, op)) {
            throw new DError(
                    "D_OP_INCOMPAT",
                    line,
                    "inline " + name + " definition uses incompatible types: \"" + type.name() + "\" = \""
                            + op.type().name() + "\"");
        }
    }

    /** What follows is the program's own, no longer the library's. */
    public void ownFromHere() {
        own = true;
    }

    void destructive() {
        destructive = true;
    }

    /** Whether an action of the programs changes what it looks at. */
    public boolean isDestructive() {
        return destructive;
    }

    void speculates() {
        speculates = true;
    }

    /** Whether the programs need buffers for speculations. */
    public boolean isSpeculative() {
        return speculates;
    }

    /** What a program says of a name that it defines. */
    public void attributes(String name, Attributes stated) {
        attributes.put(name, stated);
    }

    public Attributes attributes(String name) {
        return attributes.getOrDefault(name, Attributes.STABLE);
    }

    /** Whether a name is one of the program's own. */
    public boolean isOwn(String name) {
        Inline known = inlines.get(name);
        return known != null && known.own() || variable(Expr.Scope.GLOBAL, name).isPresent();
    }

    /** What a name of the language's own is; empty when it is none. */
    public static Optional<String> kind(String name) {
        if (Builtins.VARIABLES.containsKey(name) || name.matches("arg[0-9]|curthread")) {
            return Optional.of("scalar");
        }
        if (name.equals("args") || name.equals("uregs")) {
            return Optional.of("associative array");
        }
        if (Functions.ACTIONS.contains(name)) {
            return Optional.of("tracing function");
        }
        if (Aggregate.Function.named(name).isPresent()) {
            return Optional.of("aggregating function");
        }
        return Builtins.FUNCTIONS.containsKey(name) || Builtins.MISSING.containsKey(name)
                ? Optional.of("function")
                : Optional.empty();
    }

    Optional<Inline> inline(String name) {
        return Optional.ofNullable(inlines.get(name));
    }

    /** @param line where it was written, for what is wrong with it */
    public void add(int line, Translator translator) {
        if (own) {
            Members.checkTranslator(this, line, translator);
        }
        translators.add(translator);
    }

    /** The translator from one type to another, by their names. */
    Optional<Translator> translator(DType input, DType output) {
        return translators.reversed().stream()
                .filter(one -> one.output().name().equals(output.name())
                        && one.input().name().equals(input.name()))
                .findFirst();
    }
}
