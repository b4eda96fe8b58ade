package zonda.dtrace.syntax;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Reads a program: recursive descent over the words of {@link Lexer}. */
public final class Parser {
    private static final int LONGEST_PROVIDER = 63;

    private final Tokens tokens;
    private final TypeReader types;
    private final ExpressionReader expressions;
    private final List<Item> items = new ArrayList<>();

    private Parser(String text, Macros macros, Predicate<String> knownType) {
        this.tokens = new Tokens(new Lexer(text, macros));
        this.types = new TypeReader(tokens, knownType);
        this.expressions = types.expressions();
    }

    /** @param knownType whether a name is that of a type that was defined outside of this text */
    public static List<Item> parse(String text, Macros macros, Predicate<String> knownType) {
        var parser = new Parser(text, macros, knownType);
        parser.program();
        return parser.items;
    }

    private void program() {
        tokens.advance();
        takePragmas();
        while (!tokens.at(Token.Kind.END)) {
            tokens.lexer().resetParentheses();
            item();
            takePragmas();
        }
        takePragmas();
    }

    private void takePragmas() {
        items.addAll(tokens.lexer().pragmas());
        tokens.lexer().pragmas().clear();
    }

    private void item() {
        if (tokens.at(Token.Kind.IDENT)) {
            switch (tokens.now().text()) {
                case "inline" -> {
                    inline();
                    return;
                }
                case "translator" -> {
                    translator();
                    return;
                }
                case "provider" -> {
                    provider();
                    return;
                }
                default -> {
                    if ((isStorage() || types.atType()) && !followedByColon()) {
                        declaration();
                        return;
                    }
                }
            }
        }
        clause();
    }

    private boolean isStorage() {
        return tokens.at(Token.Kind.IDENT)
                && (TypeReader.STORAGE.contains(tokens.now().text()) || tokens.isWord("self") || tokens.isWord("this"));
    }

    private boolean followedByColon() {
        int position = tokens.lexer().position();
        int line = tokens.lexer().line();
        String rest = tokens.lexer().probe();
        tokens.lexer().back(position, line);
        return !rest.isEmpty() && rest.charAt(0) == ':';
    }

    private void declaration() {
        int line = tokens.line();
        String storage = "";
        while (isStorage()) {
            if (!storage.isEmpty()) {
                throw new DError("D_DECL_CLASS", line, "only one storage class allowed in a declaration");
            }
            storage = tokens.now().text();
            tokens.advance();
        }
        // As in C, what has a storage class only is an int.
        boolean implicit = !storage.isEmpty() && tokens.at(Token.Kind.IDENT) && !types.atType();
        TypeExpr base = implicit ? new TypeExpr.Named(line, "int") : types.specifiers();
        Expr.Scope scope = switch (storage) {
            case "self" -> Expr.Scope.SELF;
            case "this" -> Expr.Scope.THIS;
            default -> Expr.Scope.GLOBAL;
        };
        if (tokens.accept(";")) {
            if (base instanceof TypeExpr.Named) {
                throw new DError("D_DECL_USELESS", line, "useless declaration");
            }
            items.add(new Item.Declaration(line, scope, "", base));
            return;
        }
        do {
            declared(line, storage, scope, types.declarator(base));
        } while (tokens.accept(","));
        tokens.expect(";");
    }

    private void declared(int line, String storage, Expr.Scope scope, TypeReader.Declarator declarator) {
        switch (storage) {
            case "typedef" -> {
                types.typedef(line, declarator.name());
                items.add(new Item.Typedef(line, declarator.name(), declarator.type()));
            }
            case "auto", "register", "static" -> {
                if (!(declarator.type() instanceof TypeExpr.Function)) {
                    throw new DError("D_DECL_BADCLASS", line, "specified storage class not appropriate in D");
                }
            }
            default -> {
                if (storage.equals("extern")
                        && declarator.type() instanceof TypeExpr.ArrayOf(var _, var _, Optional<Expr> size)
                        && size.isEmpty()) {
                    // How long it is, is said elsewhere.
                    return;
                }
                if (scope == Expr.Scope.THIS && declarator.type() instanceof TypeExpr.Associative) {
                    throw new DError(
                            "D_DECL_LOCASSC",
                            line,
                            "associative arrays may not be declared as local variables: " + declarator.name());
                }
                items.add(new Item.Declaration(line, scope, declarator.name(), declarator.type()));
            }
        }
    }

    private void inline() {
        int line = tokens.line();
        tokens.advance();
        if (isStorage()) {
            throw new DError("D_DECL_BADCLASS", line, "specified storage class not appropriate for inline declaration");
        }
        TypeExpr base = types.specifiers();
        TypeReader.Declarator declarator = types.declarator(base);
        if (declarator.name().isEmpty()) {
            throw new DError("D_DECL_USELESS", line, "inline declaration requires a name");
        }
        if (declarator.type() instanceof TypeExpr.ArrayOf(var _, var _, Optional<Expr> size)) {
            throw new DError(
                    "D_DECL_ARRNULL",
                    line,
                    size.isEmpty()
                            ? "inline declaration requires array tuple signature: " + declarator.name()
                            : "inline declaration cannot be of scalar array type: " + declarator.name());
        }
        tokens.expect("=");
        Expr value = expressions.assignment();
        tokens.expect(";");
        items.add(new Item.Inline(line, declarator.name(), declarator.type(), value, declarator.keys()));
    }

    private void translator() {
        int line = tokens.line();
        tokens.advance();
        TypeExpr output = types.typeName();
        tokens.expect("<");
        TypeReader.Declarator input = types.declarator(types.specifiers());
        tokens.expect(">");
        tokens.expect("{");
        var members = new ArrayList<Item.Translated>();
        while (!tokens.is("}")) {
            String member = tokens.identifier();
            tokens.expect("=");
            members.add(new Item.Translated(member, expressions.assignment()));
            tokens.expect(";");
        }
        tokens.advance();
        tokens.expect(";");
        items.add(new Item.Translator(line, output, input.type(), input.name(), List.copyOf(members)));
    }

    private void provider() {
        int line = tokens.line();
        tokens.advance();
        String name = tokens.identifier();
        if (tokens.is("`")) {
            throw new DError("D_PROV_BADNAME", line, "provider name may not contain scoping operator: " + name + "`");
        }
        if (name.length() > LONGEST_PROVIDER) {
            throw new DError(
                    "D_PROV_BADNAME",
                    line,
                    "provider name may not exceed " + LONGEST_PROVIDER + " characters: " + name);
        }
        tokens.expect("{");
        var probes = new ArrayList<Item.Declared>();
        while (!tokens.accept("}")) {
            if (!tokens.isWord("probe")) {
                throw tokens.unexpected();
            }
            tokens.advance();
            Item.Declared probe = declaredProbe();
            if (probes.stream().anyMatch(other -> other.name().equals(probe.name()))) {
                throw new DError("D_PROV_PRDUP", probe.line(), "probe redeclared: " + name + ":::" + probe.name());
            }
            probes.add(probe);
        }
        tokens.expect(";");
        items.add(new Item.Provider(line, name, probes));
    }

    private Item.Declared declaredProbe() {
        int line = tokens.line();
        String name = tokens.identifier();
        if (tokens.is("`")) {
            throw new DError("D_PROV_BADNAME", line, "probe name may not contain scoping operator: ::" + name + "`");
        }
        if (name.length() > LONGEST_PROVIDER) {
            throw new DError(
                    "D_PROV_BADNAME", line, "probe name may not exceed " + LONGEST_PROVIDER + " characters: ::" + name);
        }
        tokens.expect("(");
        List<TypeReader.Declarator> parameters = types.parameters(")", "probe input", true);
        if (tokens.accept(":")) {
            tokens.expect("(");
            types.parameters(")", "probe output", true);
        }
        tokens.expect(";");
        return new Item.Declared(
                line,
                name,
                parameters.stream()
                        .map(one -> new Item.Parameter(one.type(), one.name(), CType.of(one.type())))
                        .toList());
    }

    // Clauses.

    private void clause() {
        int line = tokens.line();
        tokens.back();
        var probes = new ArrayList<String>();
        do {
            String probe = tokens.lexer().probe();
            if (probe.isEmpty()) {
                tokens.advance();
                throw tokens.unexpected();
            }
            probes.add(probe);
            tokens.advance();
        } while (tokens.is(","));
        Optional<Expr> predicate = Optional.empty();
        if (tokens.is("/") || tokens.at(Token.Kind.END_PREDICATE)) {
            tokens.advance();
            predicate = Optional.of(expressions.expression());
            if (!tokens.at(Token.Kind.END_PREDICATE)) {
                throw tokens.unexpected();
            }
            tokens.advance();
        }
        if (tokens.accept("{")) {
            List<Stmt> body = block();
            items.add(new Item.Clause(line, probes, predicate, body, false));
        } else if (tokens.accept(";") || tokens.at(Token.Kind.END) || isAnotherAfterId(probes.getLast())) {
            items.add(new Item.Clause(line, probes, predicate, List.of(), true));
        } else {
            throw tokens.unexpected();
        }
    }

    /** An id ends with its digits, so that what stands right behind it is the next description. */
    private boolean isAnotherAfterId(String probe) {
        return Character.isDigit(probe.charAt(0)) && tokens.is("-");
    }

    /** Statements up to the closing brace, which is read too. */
    private List<Stmt> block() {
        tokens.deeper();
        var statements = new ArrayList<Stmt>();
        while (!tokens.is("}")) {
            if (tokens.at(Token.Kind.END)) {
                throw tokens.unexpected();
            }
            if (tokens.accept(";")) {
                continue;
            }
            statements.add(statement());
        }
        tokens.shallower();
        tokens.lexer().resetParentheses();
        tokens.advance();
        return statements;
    }

    private Stmt statement() {
        int line = tokens.line();
        if (tokens.isWord("if")) {
            tokens.advance();
            tokens.expect("(");
            Expr condition = expressions.expression();
            tokens.expect(")");
            List<Stmt> yes = branch();
            List<Stmt> no = List.of();
            if (tokens.isWord("else")) {
                tokens.advance();
                no = branch();
            }
            return new Stmt.If(line, condition, yes, no);
        }
        Expr expression = expressions.expression();
        if (!tokens.is("}")) {
            tokens.expect(";");
        }
        return new Stmt.Do(line, expression);
    }

    private List<Stmt> branch() {
        if (tokens.accept("{")) {
            return block();
        }
        if (tokens.accept(";")) {
            return List.of();
        }
        tokens.deeper();
        Stmt statement = statement();
        tokens.shallower();
        return List.of(statement);
    }
}
