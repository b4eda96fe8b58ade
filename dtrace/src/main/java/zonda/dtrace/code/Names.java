package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;
import zonda.dtrace.types.TypeTable;

/** What the names of one program stand for: its variables, aggregations, inlines and translators. */
public final class Names {
    /** An inline: a name for an expression. */
    record Inline(DType type, Expr value) {}

    private final TypeTable types;
    private final Options options;
    private final Map<String, Var> variables = new LinkedHashMap<>();
    private final Map<String, Aggregate> aggregates = new LinkedHashMap<>();
    private final Map<String, Inline> inlines = new HashMap<>();
    private final List<Translator> translators = new ArrayList<>();
    private final Map<Expr.Scope, Integer> sizes = new HashMap<>();
    private int arrays;

    public Names(TypeTable types, Options options) {
        this.types = types;
        this.options = options;
    }

    public TypeTable types() {
        return types;
    }

    public Options options() {
        return options;
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
            if (scope == Expr.Scope.GLOBAL && Builtins.VARIABLES.containsKey(name)) {
                throw new DError("D_DECL_IDRED", line, "identifier redeclared: " + name);
            }
            declare(scope, name, type, keys);
        } else if (!known.get().type().equals(type) || known.get().keys().size() != keys.size()) {
            throw new DError("D_DECL_IDRED", line, "identifier redeclared: " + name);
        }
    }

    /** The value of an expression that must be constant. */
    public long constant(Expr expression) {
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
            return made;
        }
        if (known.function() != function) {
            throw new DError(
                    "D_AGG_REDEF",
                    line,
                    "aggregation redefined: @" + name
                            + "\n\t current: @" + name + " = " + word(function)
                            + "( )\n\tprevious: @" + name + " = " + word(known.function()) + "( )");
        }
        if (!known.parameters().equals(parameters)) {
            throw new DError(
                    "D_" + function + "_MISMATCH",
                    line,
                    word(function) + "( ) parameters differ from those of an earlier use of @" + name);
        }
        if (known.keys().size() != keys.size()) {
            throw new DError(
                    "D_PROTO_LEN",
                    line,
                    "@" + name + "[ ] prototype mismatch: " + keys.size() + " key" + (keys.size() == 1 ? "" : "s")
                            + " passed, " + known.keys().size() + " expected");
        }
        for (int i = 0; i < keys.size(); i++) {
            if (!alike(known.keys().get(i), keys.get(i))) {
                throw new DError(
                        "D_PROTO_ARG",
                        line,
                        "@" + name + "[ ] key #" + (i + 1) + " is incompatible with prototype:\n\tprototype: "
                                + known.keys().get(i).name() + "\n\t argument: "
                                + keys.get(i).name());
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
        return one.isString() == other.isString();
    }

    public void inline(String name, DType type, Expr value) {
        inlines.put(name, new Inline(type, value));
    }

    Optional<Inline> inline(String name) {
        return Optional.ofNullable(inlines.get(name));
    }

    public void add(Translator translator) {
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
