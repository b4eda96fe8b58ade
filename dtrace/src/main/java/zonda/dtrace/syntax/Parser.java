package zonda.dtrace.syntax;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Reads a program: recursive descent over the words of {@link Lexer}. */
public final class Parser {
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
    private static final Set<String> STORAGE = Set.of("auto", "register", "static", "extern", "typedef");
    private static final Set<String> ASSIGNMENTS =
            Set.of("=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=");
    /** Binary operators by strength, weakest first. */
    private static final Map<String, Integer> STRENGTH = Map.ofEntries(
            Map.entry("||", 1),
            Map.entry("^^", 2),
            Map.entry("&&", 3),
            Map.entry("|", 4),
            Map.entry("^", 5),
            Map.entry("&", 6),
            Map.entry("==", 7),
            Map.entry("!=", 7),
            Map.entry("<", 8),
            Map.entry("<=", 8),
            Map.entry(">", 8),
            Map.entry(">=", 8),
            Map.entry("<<", 9),
            Map.entry(">>", 9),
            Map.entry("+", 10),
            Map.entry("-", 10),
            Map.entry("*", 11),
            Map.entry("/", 11),
            Map.entry("%", 11));

    private static final int DEEPEST = 200;

    private final Lexer lexer;
    private final Predicate<String> knownType;
    private final Set<String> typedefs = new HashSet<>();
    private final List<Item> items = new ArrayList<>();
    private Token token;
    private int tokenStart;
    private int tokenLine;
    private int depth;

    private Parser(String text, Macros macros, Predicate<String> knownType) {
        this.lexer = new Lexer(text, macros);
        this.knownType = knownType;
        this.token = new Token(Token.Kind.END, "", 0, 1);
    }

    /** @param knownType whether a name is that of a type that was defined outside of this text */
    public static List<Item> parse(String text, Macros macros, Predicate<String> knownType) {
        var parser = new Parser(text, macros, knownType);
        parser.program();
        return parser.items;
    }

    private void program() {
        advance();
        while (token.kind() != Token.Kind.END) {
            lexer.resetParentheses();
            item();
            takePragmas();
        }
        takePragmas();
    }

    private void takePragmas() {
        items.addAll(lexer.pragmas());
        lexer.pragmas().clear();
    }

    private void advance() {
        lexer.skipBlanks();
        tokenStart = lexer.position();
        tokenLine = lexer.line();
        token = lexer.next();
    }

    private DError unexpected() {
        return new DError(
                "D_SYNTAX",
                token.line(),
                token.kind() == Token.Kind.END
                        ? "syntax error near end of input"
                        : "syntax error near \"" + token.text() + "\"");
    }

    private boolean accept(String operator) {
        if (token.is(operator)) {
            advance();
            return true;
        }
        return false;
    }

    private void expect(String operator) {
        if (!accept(operator)) {
            throw unexpected();
        }
    }

    private String identifier() {
        if (token.kind() != Token.Kind.IDENT) {
            throw unexpected();
        }
        String name = token.text();
        advance();
        return name;
    }

    private boolean isTypeName(String name) {
        return TYPE_WORDS.contains(name) || typedefs.contains(name) || knownType.test(name);
    }

    private boolean atType() {
        return token.kind() == Token.Kind.IDENT && isTypeName(token.text());
    }

    private void item() {
        if (token.kind() == Token.Kind.IDENT) {
            switch (token.text()) {
                case "inline" -> {
                    inline();
                    return;
                }
                case "translator" -> {
                    translator();
                    return;
                }
                case "provider" -> {
                    skipProvider();
                    return;
                }
                case "self", "this" -> {
                    scopedDeclaration();
                    return;
                }
                default -> {
                    if ((STORAGE.contains(token.text()) || atType()) && !followedByColon()) {
                        declaration(Expr.Scope.GLOBAL);
                        return;
                    }
                }
            }
        }
        clause();
    }

    private boolean followedByColon() {
        return lexer.position() > tokenStart && charAfterWord() == ':';
    }

    private char charAfterWord() {
        int position = lexer.position();
        int line = lexer.line();
        String rest = lexer.probe();
        lexer.back(position, line);
        return rest.isEmpty() ? '\0' : rest.charAt(0);
    }

    private void scopedDeclaration() {
        Expr.Scope scope = token.text().equals("self") ? Expr.Scope.SELF : Expr.Scope.THIS;
        advance();
        declaration(scope);
    }

    private void declaration(Expr.Scope scope) {
        boolean typedef = false;
        int line = token.line();
        while (token.kind() == Token.Kind.IDENT && STORAGE.contains(token.text())) {
            typedef |= token.text().equals("typedef");
            advance();
        }
        if (token.isWord("self") || token.isWord("this")) {
            Expr.Scope inner = token.text().equals("self") ? Expr.Scope.SELF : Expr.Scope.THIS;
            advance();
            declaration(inner);
            return;
        }
        TypeExpr base = specifiers();
        if (accept(";")) {
            items.add(new Item.Declaration(line, scope, "", base));
            return;
        }
        do {
            Declarator declarator = declarator(base);
            if (typedef) {
                typedefs.add(declarator.name());
                items.add(new Item.Typedef(line, declarator.name(), declarator.type()));
            } else {
                items.add(new Item.Declaration(line, scope, declarator.name(), declarator.type()));
            }
        } while (accept(","));
        expect(";");
    }

    private void inline() {
        int line = token.line();
        advance();
        TypeExpr base = specifiers();
        Declarator declarator = declarator(base);
        expect("=");
        Expr value = assignment();
        expect(";");
        items.add(new Item.Inline(line, declarator.name(), declarator.type(), value));
    }

    private void translator() {
        int line = token.line();
        advance();
        TypeExpr output = typeName();
        expect("<");
        Declarator input = declarator(specifiers());
        expect(">");
        expect("{");
        var members = new ArrayList<Item.Translated>();
        while (!token.is("}")) {
            String member = identifier();
            expect("=");
            members.add(new Item.Translated(member, assignment()));
            expect(";");
        }
        advance();
        accept(";");
        items.add(new Item.Translator(line, output, input.type(), input.name(), List.copyOf(members)));
    }

    /** A provider's declaration is checked for its brackets only: probes are found, not declared. */
    private void skipProvider() {
        advance();
        identifier();
        expect("{");
        int open = 1;
        while (open > 0) {
            if (token.kind() == Token.Kind.END) {
                throw unexpected();
            }
            open += token.is("{") ? 1 : token.is("}") ? -1 : 0;
            advance();
        }
        accept(";");
    }

    // Types.

    private record Declarator(String name, TypeExpr type) {}

    private TypeExpr specifiers() {
        int line = token.line();
        var words = new ArrayList<String>();
        TypeExpr tagged = null;
        while (token.kind() == Token.Kind.IDENT) {
            String word = token.text();
            if (word.equals("const") || word.equals("volatile") || word.equals("restrict") || word.equals("userland")) {
                advance();
            } else if (word.equals("struct") || word.equals("union")) {
                advance();
                tagged = struct(line, word.equals("struct") ? TypeExpr.Kind.STRUCT : TypeExpr.Kind.UNION);
            } else if (word.equals("enum")) {
                advance();
                tagged = enumeration(line);
            } else if (TYPE_WORDS.contains(word)) {
                words.add(word);
                advance();
            } else if (words.isEmpty() && tagged == null && isTypeName(word)) {
                words.add(word);
                advance();
                if (token.is("`")) {
                    advance();
                    words.set(0, identifier());
                }
            } else {
                break;
            }
        }
        if (tagged != null) {
            return tagged;
        }
        if (words.isEmpty()) {
            throw unexpected();
        }
        return new TypeExpr.Named(line, String.join(" ", words));
    }

    private TypeExpr struct(int line, TypeExpr.Kind kind) {
        String tag = token.kind() == Token.Kind.IDENT ? identifier() : "";
        if (token.is("`")) {
            advance();
            tag = identifier();
        }
        if (!accept("{")) {
            if (tag.isEmpty()) {
                throw unexpected();
            }
            return new TypeExpr.Tagged(line, kind, tag, Optional.empty());
        }
        var fields = new ArrayList<TypeExpr.Field>();
        while (!accept("}")) {
            TypeExpr base = specifiers();
            if (accept(";")) {
                fields.add(new TypeExpr.Field("", base, Optional.empty()));
                continue;
            }
            do {
                Declarator declarator = token.is(":") ? new Declarator("", base) : declarator(base);
                Optional<Expr> bits = accept(":") ? Optional.of(conditional()) : Optional.empty();
                fields.add(new TypeExpr.Field(declarator.name(), declarator.type(), bits));
            } while (accept(","));
            expect(";");
        }
        return new TypeExpr.Tagged(line, kind, tag, Optional.of(List.copyOf(fields)));
    }

    private TypeExpr enumeration(int line) {
        String tag = token.kind() == Token.Kind.IDENT ? identifier() : "";
        if (!accept("{")) {
            if (tag.isEmpty()) {
                throw unexpected();
            }
            return new TypeExpr.Enumeration(line, tag, Optional.empty());
        }
        var values = new ArrayList<TypeExpr.Enumerator>();
        while (!accept("}")) {
            String name = identifier();
            values.add(new TypeExpr.Enumerator(name, accept("=") ? Optional.of(conditional()) : Optional.empty()));
            if (!accept(",") && !token.is("}")) {
                throw unexpected();
            }
        }
        return new TypeExpr.Enumeration(line, tag, Optional.of(List.copyOf(values)));
    }

    private Declarator declarator(TypeExpr base) {
        deeper();
        int line = token.line();
        TypeExpr type = base;
        while (accept("*")) {
            type = new TypeExpr.Pointer(line, type);
            while (token.isWord("const") || token.isWord("volatile") || token.isWord("restrict")) {
                advance();
            }
        }
        String name = "";
        int pointers = 0;
        boolean inner = false;
        if (token.is("(")) {
            // A pointer to a function or an array: (*name)(...).
            advance();
            inner = true;
            while (accept("*")) {
                pointers++;
            }
            if (token.kind() == Token.Kind.IDENT) {
                name = identifier();
            }
            expect(")");
        } else if (token.kind() == Token.Kind.IDENT) {
            name = identifier();
        }
        type = suffixes(type, line);
        for (int i = 0; inner && i < pointers; i++) {
            type = new TypeExpr.Pointer(line, type);
        }
        depth--;
        return new Declarator(name, type);
    }

    private TypeExpr suffixes(TypeExpr type, int line) {
        if (accept("(")) {
            var parameters = new ArrayList<TypeExpr>();
            while (!accept(")")) {
                if (!accept("...")) {
                    parameters.add(declarator(specifiers()).type());
                }
                if (!accept(",") && !token.is(")")) {
                    throw unexpected();
                }
            }
            return new TypeExpr.Function(line, type, List.copyOf(parameters));
        }
        if (!accept("[")) {
            return type;
        }
        if (accept("]")) {
            return new TypeExpr.ArrayOf(line, suffixes(type, line), Optional.empty());
        }
        if (atType()) {
            var keys = new ArrayList<TypeExpr>();
            do {
                keys.add(declarator(specifiers()).type());
            } while (accept(","));
            expect("]");
            return new TypeExpr.Associative(line, type, List.copyOf(keys));
        }
        Expr size = conditional();
        expect("]");
        return new TypeExpr.ArrayOf(line, suffixes(type, line), Optional.of(size));
    }

    private TypeExpr typeName() {
        Declarator declarator = declarator(specifiers());
        if (!declarator.name().isEmpty()) {
            throw unexpected();
        }
        return declarator.type();
    }

    // Clauses.

    private void clause() {
        int line = token.line();
        lexer.back(tokenStart, tokenLine);
        var probes = new ArrayList<String>();
        do {
            String probe = lexer.probe();
            if (probe.isEmpty()) {
                advance();
                throw unexpected();
            }
            probes.add(probe);
            advance();
        } while (token.is(","));
        Optional<Expr> predicate = Optional.empty();
        if (token.is("/") || token.kind() == Token.Kind.END_PREDICATE) {
            advance();
            predicate = Optional.of(expression());
            if (token.kind() != Token.Kind.END_PREDICATE) {
                throw unexpected();
            }
            advance();
        }
        if (accept("{")) {
            List<Stmt> body = block();
            items.add(new Item.Clause(line, probes, predicate, body, false));
        } else if (accept(";") || token.kind() == Token.Kind.END) {
            items.add(new Item.Clause(line, probes, predicate, List.of(), true));
        } else {
            throw unexpected();
        }
    }

    /** Statements up to the closing brace, which is read too. */
    private List<Stmt> block() {
        deeper();
        var statements = new ArrayList<Stmt>();
        while (!token.is("}")) {
            if (token.kind() == Token.Kind.END) {
                throw unexpected();
            }
            if (accept(";")) {
                continue;
            }
            statements.add(statement());
        }
        depth--;
        lexer.resetParentheses();
        advance();
        return statements;
    }

    private Stmt statement() {
        int line = token.line();
        if (token.isWord("if")) {
            advance();
            expect("(");
            Expr condition = expression();
            expect(")");
            List<Stmt> yes = branch();
            List<Stmt> no = List.of();
            if (token.isWord("else")) {
                advance();
                no = branch();
            }
            return new Stmt.If(line, condition, yes, no);
        }
        Expr expression = expression();
        if (!token.is("}")) {
            expect(";");
        }
        return new Stmt.Do(line, expression);
    }

    private List<Stmt> branch() {
        if (accept("{")) {
            return block();
        }
        if (accept(";")) {
            return List.of();
        }
        deeper();
        Stmt statement = statement();
        depth--;
        return List.of(statement);
    }

    private void deeper() {
        if (++depth > DEEPEST) {
            throw new DError("D_SYNTAX", token.line(), "the program is nested too deeply");
        }
    }

    // Expressions.

    private Expr expression() {
        int line = token.line();
        Expr first = assignment();
        if (!token.is(",")) {
            return first;
        }
        var all = new ArrayList<Expr>();
        all.add(first);
        while (accept(",")) {
            all.add(assignment());
        }
        return new Expr.Comma(line, all);
    }

    private Expr assignment() {
        deeper();
        try {
            Expr left = conditional();
            if (token.kind() == Token.Kind.OPERATOR && ASSIGNMENTS.contains(token.text())) {
                String operator = token.text();
                int line = token.line();
                advance();
                return new Expr.Assign(line, operator, left, assignment());
            }
            return left;
        } finally {
            depth--;
        }
    }

    private Expr conditional() {
        Expr condition = binary(1);
        if (!token.is("?")) {
            return condition;
        }
        int line = token.line();
        advance();
        deeper();
        Expr yes = expression();
        expect(":");
        Expr no = conditional();
        depth--;
        return new Expr.Conditional(line, condition, yes, no);
    }

    private Expr binary(int weakest) {
        Expr left = unary();
        while (token.kind() == Token.Kind.OPERATOR) {
            String operator = token.text();
            Integer strength = STRENGTH.get(operator);
            if (strength == null || strength < weakest) {
                break;
            }
            int line = token.line();
            advance();
            left = new Expr.Binary(line, operator, left, binary(strength + 1));
        }
        return left;
    }

    private Expr unary() {
        deeper();
        try {
            return unaryWithin();
        } finally {
            depth--;
        }
    }

    private Expr unaryWithin() {
        int line = token.line();
        if (token.kind() == Token.Kind.OPERATOR) {
            switch (token.text()) {
                case "++", "--" -> {
                    boolean up = token.is("++");
                    advance();
                    return new Expr.Step(line, unary(), up, true);
                }
                case "-", "+", "!", "~", "*", "&" -> {
                    String operator = token.text();
                    advance();
                    return new Expr.Unary(line, operator, unary());
                }
                case "(" -> {
                    advance();
                    if (atType()) {
                        TypeExpr type = typeName();
                        expect(")");
                        return new Expr.Cast(line, type, unary());
                    }
                    Expr inner = expression();
                    expect(")");
                    return postfix(inner);
                }
                default -> {
                    return postfix(primary());
                }
            }
        }
        if (token.isWord("sizeof")) {
            return sizeof(line);
        }
        if (token.isWord("stringof")) {
            advance();
            return postfix(new Expr.Stringof(line, unary()));
        }
        return postfix(primary());
    }

    private Expr sizeof(int line) {
        advance();
        if (token.is("(")) {
            advance();
            if (atType()) {
                TypeExpr type = typeName();
                expect(")");
                return new Expr.SizeofType(line, type);
            }
            Expr inner = expression();
            expect(")");
            return new Expr.SizeofExpr(line, postfix(inner));
        }
        return new Expr.SizeofExpr(line, unary());
    }

    private Expr primary() {
        int line = token.line();
        Token here = token;
        switch (here.kind()) {
            case INT -> {
                advance();
                String suffix = here.text()
                        .replaceAll("^(0[xX][0-9a-fA-F]*|[0-9]*)", "")
                        .toLowerCase(java.util.Locale.ROOT);
                return new Expr.IntConst(
                        line,
                        here.number(),
                        suffix.indexOf('u') >= 0 && !here.text().startsWith("'"),
                        suffix.indexOf('l') >= 0 && !here.text().startsWith("'"),
                        !here.text().startsWith("0"));
            }
            case STRING -> {
                advance();
                return new Expr.StrConst(line, here.text());
            }
            case AGGREGATION -> {
                advance();
                List<Expr> keys = List.of();
                if (accept("[")) {
                    keys = arguments("]");
                }
                return new Expr.Aggregation(line, here.text(), keys);
            }
            case IDENT -> {
                return named(line);
            }
            default -> {
                if (accept("`")) {
                    return new Expr.KernelSymbol(line, "", identifier());
                }
                throw unexpected();
            }
        }
    }

    private Expr named(int line) {
        String name = token.text();
        switch (name) {
            case "xlate" -> {
                advance();
                expect("<");
                TypeExpr type = typeName();
                expect(">");
                expect("(");
                Expr operand = expression();
                expect(")");
                return new Expr.Xlate(line, type, operand);
            }
            case "offsetof" -> {
                advance();
                expect("(");
                TypeExpr type = typeName();
                expect(",");
                String member = identifier();
                expect(")");
                return new Expr.Offsetof(line, type, member);
            }
            case "self", "this" -> {
                advance();
                expect("->");
                return new Expr.Scoped(line, name.equals("self") ? Expr.Scope.SELF : Expr.Scope.THIS, identifier());
            }
            default -> {
                advance();
                if (token.is("`")) {
                    advance();
                    return new Expr.KernelSymbol(line, name, identifier());
                }
                if (accept("(")) {
                    return new Expr.Call(line, name, arguments(")"));
                }
                return new Expr.Ident(line, name);
            }
        }
    }

    private List<Expr> arguments(String end) {
        var arguments = new ArrayList<Expr>();
        if (accept(end)) {
            return arguments;
        }
        do {
            arguments.add(assignment());
        } while (accept(","));
        expect(end);
        return arguments;
    }

    private Expr postfix(Expr start) {
        Expr expression = start;
        while (token.kind() == Token.Kind.OPERATOR) {
            int line = token.line();
            switch (token.text()) {
                case "[" -> {
                    advance();
                    expression = new Expr.Index(line, expression, arguments("]"));
                }
                case "." -> {
                    advance();
                    expression = new Expr.Member(line, expression, identifier(), false);
                }
                case "->" -> {
                    advance();
                    expression = new Expr.Member(line, expression, identifier(), true);
                }
                case "++", "--" -> {
                    boolean up = token.is("++");
                    advance();
                    expression = new Expr.Step(line, expression, up, false);
                }
                default -> {
                    return expression;
                }
            }
        }
        return expression;
    }
}
