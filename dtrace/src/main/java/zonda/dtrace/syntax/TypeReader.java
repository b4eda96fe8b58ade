package zonda.dtrace.syntax;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Reads types and declarators, as C has them; associative arrays have types between their brackets. */
final class TypeReader {
    private static final Set<String> TYPE_WORDS = Set.of(
            "void",
            "char",
            "short",
            "int",
            "long",
            "float",
            "double",
            "signed",
            "unsigned",
            "struct",
            "union",
            "enum",
            "const",
            "volatile",
            "restrict",
            "string",
            "userland",
            "_Bool");
    private static final Set<String> QUALIFIERS = Set.of("const", "volatile", "restrict", "userland");
    static final Set<String> STORAGE = Set.of("auto", "register", "static", "extern", "typedef");

    private final Tokens tokens;
    private final Predicate<String> knownType;
    private final Set<String> typedefs = new HashSet<>();
    private final ExpressionReader expressions;

    TypeReader(Tokens tokens, Predicate<String> knownType) {
        this.tokens = tokens;
        this.knownType = knownType;
        this.expressions = new ExpressionReader(tokens, this);
    }

    ExpressionReader expressions() {
        return expressions;
    }

    boolean isTypeName(String name) {
        return TYPE_WORDS.contains(name) || typedefs.contains(name) || knownType.test(name);
    }

    boolean atType() {
        return tokens.at(Token.Kind.IDENT) && isTypeName(tokens.now().text());
    }

    /** A name is a type's from here on. */
    void typedef(int line, String name) {
        if (TYPE_WORDS.contains(name) || typedefs.contains(name)) {
            throw new DError("D_DECL_IDRED", line, "identifier redeclared: " + name);
        }
        typedefs.add(name);
    }

    /** What a declaration declares. @param keys names of the keys of an associative array, empty where one has none */
    record Declarator(String name, TypeExpr type, List<String> keys) {}

    TypeExpr specifiers() {
        int line = tokens.line();
        var words = new Specifiers(line);
        while (tokens.at(Token.Kind.IDENT)) {
            String word = tokens.now().text();
            words.at(tokens.line());
            if (QUALIFIERS.contains(word)) {
                tokens.advance();
            } else if (word.equals("struct") || word.equals("union")) {
                tokens.advance();
                words.tagged(struct(line, word.equals("struct") ? TypeExpr.Kind.STRUCT : TypeExpr.Kind.UNION));
            } else if (word.equals("enum")) {
                tokens.advance();
                words.tagged(enumeration(line));
            } else if (TYPE_WORDS.contains(word)) {
                tokens.advance();
                words.word(word);
            } else if (words.isEmpty() && isTypeName(word)) {
                tokens.advance();
                words.word(scoped(word));
            } else {
                break;
            }
        }
        if (words.isEmpty()) {
            throw tokens.unexpected();
        }
        return words.type();
    }

    /** The name behind a module's: {@code vmlinux`pid_t}. */
    private String scoped(String word) {
        if (!tokens.is("`")) {
            return word;
        }
        tokens.advance();
        return tokens.identifier();
    }

    private TypeExpr struct(int line, TypeExpr.Kind kind) {
        String tag = tokens.at(Token.Kind.IDENT) ? scoped(tokens.identifier()) : "";
        if (!tokens.accept("{")) {
            if (tag.isEmpty()) {
                throw tokens.unexpected();
            }
            return new TypeExpr.Tagged(line, kind, tag, Optional.empty());
        }
        var fields = new ArrayList<TypeExpr.Field>();
        do {
            fields(fields);
        } while (!tokens.accept("}"));
        return new TypeExpr.Tagged(line, kind, tag, Optional.of(List.copyOf(fields)));
    }

    private void fields(List<TypeExpr.Field> fields) {
        int line = tokens.line();
        TypeExpr base = specifiers();
        if (tokens.accept(";")) {
            if (!(base instanceof TypeExpr.Tagged)) {
                throw new DError("D_DECL_MNAME", line, "member declaration requires a name");
            }
            fields.add(new TypeExpr.Field("", base, Optional.empty()));
            return;
        }
        do {
            Declarator declarator = tokens.is(":") ? new Declarator("", base, List.of()) : declarator(base);
            if (declarator.type() instanceof TypeExpr.Associative) {
                throw new DError("D_DECL_DYNOBJ", line, "cannot have dynamic member: " + declarator.name());
            }
            Optional<Expr> bits = tokens.accept(":") ? Optional.of(expressions.conditional()) : Optional.empty();
            fields.add(new TypeExpr.Field(declarator.name(), declarator.type(), bits));
        } while (tokens.accept(","));
        tokens.expect(";");
    }

    private TypeExpr enumeration(int line) {
        String tag = tokens.at(Token.Kind.IDENT) ? scoped(tokens.identifier()) : "";
        if (!tokens.accept("{")) {
            if (tag.isEmpty()) {
                throw tokens.unexpected();
            }
            return new TypeExpr.Enumeration(line, tag, Optional.empty());
        }
        var values = new ArrayList<TypeExpr.Enumerator>();
        do {
            String name = tokens.identifier();
            Optional<Expr> value = tokens.accept("=") ? Optional.of(expressions.conditional()) : Optional.empty();
            values.add(new TypeExpr.Enumerator(name, value));
            if (!tokens.accept(",") && !tokens.is("}")) {
                throw tokens.unexpected();
            }
        } while (!tokens.accept("}"));
        return new TypeExpr.Enumeration(line, tag, Optional.of(List.copyOf(values)));
    }

    Declarator declarator(TypeExpr base) {
        tokens.deeper();
        int line = tokens.line();
        TypeExpr type = pointers(base, line);
        String name = "";
        int pointers = 0;
        boolean inner = false;
        var sizes = new ArrayList<Optional<Expr>>();
        if (tokens.accept("(")) {
            // A pointer to a function or an array, or an array of these: (*name)(...), (*name[2])(...).
            inner = true;
            while (tokens.accept("*")) {
                pointers++;
            }
            if (tokens.at(Token.Kind.IDENT)) {
                name = tokens.identifier();
            }
            while (tokens.accept("[")) {
                sizes.add(tokens.is("]") ? Optional.empty() : Optional.of(expressions.conditional()));
                tokens.expect("]");
            }
            tokens.expect(")");
        } else if (tokens.at(Token.Kind.IDENT)) {
            name = tokens.identifier();
        }
        if (tokens.is("`")) {
            tokens.advance();
            String behind = tokens.at(Token.Kind.IDENT) ? tokens.now().text() : "";
            throw new DError(
                    "D_DECL_SCOPE",
                    line,
                    "D scoping operator may not be used in a declaration name (" + name + "`" + behind + ")");
        }
        var keys = new ArrayList<String>();
        type = suffixes(type, line, keys);
        for (int i = 0; inner && i < pointers; i++) {
            type = new TypeExpr.Pointer(line, type);
        }
        for (Optional<Expr> size : sizes.reversed()) {
            type = new TypeExpr.ArrayOf(line, type, size);
        }
        tokens.shallower();
        return new Declarator(name, type, List.copyOf(keys));
    }

    private TypeExpr pointers(TypeExpr base, int line) {
        TypeExpr type = base;
        while (tokens.accept("*")) {
            type = new TypeExpr.Pointer(line, type);
            while (tokens.at(Token.Kind.IDENT)
                    && QUALIFIERS.contains(tokens.now().text())) {
                tokens.advance();
            }
        }
        return type;
    }

    private TypeExpr suffixes(TypeExpr type, int line, List<String> keys) {
        if (tokens.accept("(")) {
            return new TypeExpr.Function(line, type, types(parameters(")", "function", true)));
        }
        if (!tokens.accept("[")) {
            return type;
        }
        if (tokens.accept("]")) {
            return new TypeExpr.ArrayOf(line, suffixes(type, line, keys), Optional.empty());
        }
        if (atType() || tokens.is("...")) {
            List<Declarator> all = parameters("]", "array", false);
            all.forEach(one -> keys.add(one.name()));
            TypeExpr element = suffixes(type, line, keys);
            if (element instanceof TypeExpr.Associative) {
                throw new DError("D_DECL_DYNOBJ", line, "cannot declare array of associative arrays");
            }
            return new TypeExpr.Associative(line, element, types(all));
        }
        Expr size = expressions.conditional();
        tokens.expect("]");
        if (isVoid(type)) {
            throw new DError("D_DECL_VOIDOBJ", line, "cannot declare array of void");
        }
        TypeExpr of = suffixes(type, line, keys);
        if (of instanceof TypeExpr.Associative) {
            throw new DError("D_DECL_DYNOBJ", line, "cannot declare array of associative arrays");
        }
        return new TypeExpr.ArrayOf(line, of, Optional.of(size));
    }

    private static List<TypeExpr> types(List<Declarator> all) {
        return all.stream().map(Declarator::type).toList();
    }

    private static boolean isVoid(TypeExpr type) {
        return type instanceof TypeExpr.Named(int _, String name) && name.equals("void");
    }

    /**
     * Parameters up to the bracket that ends them, which is read too.
     *
     * @param kind what they are of, for messages
     * @param function whether there may be none, void, or any number
     */
    List<Declarator> parameters(String end, String kind, boolean function) {
        var all = new ArrayList<Declarator>();
        while (!tokens.accept(end)) {
            int line = tokens.line();
            if (tokens.accept("...")) {
                if (!function) {
                    throw new DError(
                            "D_DECL_PROTO_VARARGS",
                            line,
                            kind + " prototype may not use a variable-length argument list");
                }
            } else {
                parameter(line, kind, function, all);
            }
            if (!tokens.accept(",") && !tokens.is(end)) {
                throw tokens.unexpected();
            }
        }
        if (all.size() > 1 && all.stream().anyMatch(one -> isVoid(one.type()))) {
            throw new DError("D_DECL_PROTO_VOID", tokens.line(), "void must be sole parameter");
        }
        return all.size() == 1 && isVoid(all.getFirst().type()) ? List.of() : all;
    }

    private void parameter(int line, String kind, boolean function, List<Declarator> before) {
        if (tokens.at(Token.Kind.IDENT) && STORAGE.contains(tokens.now().text()) && !tokens.isWord("register")) {
            throw new DError(
                    "D_DECL_PARMCLASS",
                    line,
                    "inappropriate storage class for function or associative array parameter");
        }
        Declarator one = declarator(specifiers());
        int number = before.size() + 1;
        if (isVoid(one.type()) && !function) {
            throw new DError(
                    "D_DECL_PROTO_TYPE",
                    line,
                    kind + " prototype may not use parameter of type void: "
                            + (one.name().isEmpty() ? "(anonymous)" : one.name()) + ", parameter #" + number);
        }
        if (isVoid(one.type()) && !one.name().isEmpty()) {
            throw new DError("D_DECL_PROTO_NAME", line, "void parameter may not have a name: " + one.name());
        }
        boolean twice = !one.name().isEmpty()
                && before.stream().anyMatch(other -> other.name().equals(one.name()));
        if (twice) {
            throw new DError(
                    "D_DECL_PROTO_FORM",
                    line,
                    "parameter is already declared in " + kind + " prototype: " + one.name() + ", parameter #"
                            + number);
        }
        before.add(one);
    }

    TypeExpr typeName() {
        Declarator declarator = declarator(specifiers());
        if (!declarator.name().isEmpty()) {
            throw tokens.unexpected();
        }
        return declarator.type();
    }
}
