package zonda.dtrace.syntax;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads expressions, by the strength of their operators. */
final class ExpressionReader {
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

    /** Words of the language that can be no names, but those that begin an expression or a statement. */
    private static final Set<String> RESERVED = Set.of(
            "auto",
            "break",
            "case",
            "char",
            "const",
            "continue",
            "counter",
            "default",
            "do",
            "double",
            "else",
            "enum",
            "extern",
            "float",
            "for",
            "goto",
            "if",
            "import",
            "inline",
            "int",
            "long",
            "provider",
            "register",
            "restrict",
            "return",
            "short",
            "signed",
            "static",
            "string",
            "struct",
            "switch",
            "translator",
            "typedef",
            "union",
            "unsigned",
            "void",
            "volatile",
            "while");

    private final Tokens tokens;
    private final TypeReader types;

    ExpressionReader(Tokens tokens, TypeReader types) {
        this.tokens = tokens;
        this.types = types;
    }

    Expr expression() {
        int line = tokens.line();
        Expr first = assignment();
        if (!tokens.is(",")) {
            return first;
        }
        var all = new ArrayList<Expr>();
        all.add(first);
        while (tokens.accept(",")) {
            all.add(assignment());
        }
        return new Expr.Comma(line, all);
    }

    Expr assignment() {
        tokens.deeper();
        try {
            Expr left = conditional();
            if (tokens.at(Token.Kind.OPERATOR)
                    && ASSIGNMENTS.contains(tokens.now().text())) {
                String operator = tokens.now().text();
                int line = tokens.line();
                tokens.advance();
                return new Expr.Assign(line, operator, left, assignment());
            }
            return left;
        } finally {
            tokens.shallower();
        }
    }

    Expr conditional() {
        Expr condition = binary(1);
        if (!tokens.is("?")) {
            return condition;
        }
        int line = tokens.line();
        tokens.advance();
        tokens.deeper();
        Expr yes = expression();
        tokens.expect(":");
        Expr no = conditional();
        tokens.shallower();
        return new Expr.Conditional(line, condition, yes, no);
    }

    private Expr binary(int weakest) {
        Expr left = unary();
        while (tokens.at(Token.Kind.OPERATOR)) {
            String operator = tokens.now().text();
            Integer strength = STRENGTH.get(operator);
            if (strength == null || strength < weakest) {
                break;
            }
            int line = tokens.line();
            tokens.advance();
            left = new Expr.Binary(line, operator, left, binary(strength + 1));
        }
        return left;
    }

    private Expr unary() {
        tokens.deeper();
        try {
            return unaryWithin();
        } finally {
            tokens.shallower();
        }
    }

    private Expr unaryWithin() {
        int line = tokens.line();
        if (tokens.at(Token.Kind.OPERATOR)) {
            switch (tokens.now().text()) {
                case "++", "--" -> {
                    boolean up = tokens.is("++");
                    tokens.advance();
                    return new Expr.Step(line, unary(), up, true);
                }
                case "-", "+", "!", "~", "*", "&" -> {
                    String operator = tokens.now().text();
                    tokens.advance();
                    return new Expr.Unary(line, operator, unary());
                }
                case "(" -> {
                    tokens.advance();
                    if (types.atType()) {
                        TypeExpr type = types.typeName();
                        tokens.expect(")");
                        return new Expr.Cast(line, type, unary());
                    }
                    Expr inner = expression();
                    tokens.expect(")");
                    return postfix(inner);
                }
                default -> {
                    return postfix(primary());
                }
            }
        }
        if (tokens.isWord("sizeof")) {
            return sizeof(line);
        }
        if (tokens.isWord("stringof")) {
            tokens.advance();
            return postfix(new Expr.Stringof(line, unary()));
        }
        return postfix(primary());
    }

    private Expr sizeof(int line) {
        tokens.advance();
        if (tokens.is("(")) {
            tokens.advance();
            if (types.atType()) {
                TypeExpr type = types.typeName();
                tokens.expect(")");
                return new Expr.SizeofType(line, type);
            }
            Expr inner = expression();
            tokens.expect(")");
            return new Expr.SizeofExpr(line, postfix(inner));
        }
        return new Expr.SizeofExpr(line, unary());
    }

    private Expr primary() {
        int line = tokens.line();
        Token here = tokens.now();
        switch (here.kind()) {
            case INT -> {
                tokens.advance();
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
                tokens.advance();
                return new Expr.StrConst(line, here.text());
            }
            case AGGREGATION -> {
                tokens.advance();
                List<Expr> keys = List.of();
                if (tokens.accept("[")) {
                    keys = arguments("]");
                }
                return new Expr.Aggregation(line, here.text(), keys);
            }
            case IDENT -> {
                return named(line);
            }
            default -> {
                if (tokens.accept("`")) {
                    return new Expr.KernelSymbol(line, "", tokens.identifier());
                }
                throw tokens.unexpected();
            }
        }
    }

    private Expr named(int line) {
        String name = tokens.now().text();
        if (RESERVED.contains(name)) {
            throw tokens.unexpected();
        }
        switch (name) {
            case "xlate" -> {
                tokens.advance();
                tokens.expect("<");
                TypeExpr type = types.typeName();
                tokens.expect(">");
                tokens.expect("(");
                Expr operand = expression();
                tokens.expect(")");
                return new Expr.Xlate(line, type, operand);
            }
            case "offsetof" -> {
                tokens.advance();
                tokens.expect("(");
                TypeExpr type = types.typeName();
                tokens.expect(",");
                String member = tokens.identifier();
                tokens.expect(")");
                return new Expr.Offsetof(line, type, member);
            }
            case "self", "this" -> {
                tokens.advance();
                tokens.expect("->");
                return new Expr.Scoped(
                        line, name.equals("self") ? Expr.Scope.SELF : Expr.Scope.THIS, member(line, "->"));
            }
            default -> {
                tokens.advance();
                if (tokens.is("`")) {
                    tokens.advance();
                    return new Expr.KernelSymbol(line, name, tokens.identifier());
                }
                if (tokens.accept("(")) {
                    return new Expr.Call(line, name, arguments(")"));
                }
                return new Expr.Ident(line, name);
            }
        }
    }

    private String member(int line, String operator) {
        if (!tokens.at(Token.Kind.IDENT)) {
            throw tokens.at(Token.Kind.INT) || tokens.at(Token.Kind.STRING)
                    ? new DError("D_OP_IDENT", line, "operator " + operator + " must be followed by an identifier")
                    : tokens.unexpected();
        }
        return tokens.identifier();
    }

    private List<Expr> arguments(String end) {
        var arguments = new ArrayList<Expr>();
        if (tokens.accept(end)) {
            return arguments;
        }
        do {
            arguments.add(assignment());
        } while (tokens.accept(","));
        tokens.expect(end);
        return arguments;
    }

    private Expr postfix(Expr start) {
        Expr expression = start;
        while (tokens.at(Token.Kind.OPERATOR)) {
            int line = tokens.line();
            switch (tokens.now().text()) {
                case "[" -> {
                    tokens.advance();
                    expression = new Expr.Index(line, expression, arguments("]"));
                }
                case "(" -> throw new DError("D_FUNC_IDENT", line, "function designator is not of function type");
                case "." -> {
                    tokens.advance();
                    expression = new Expr.Member(line, expression, member(line, "."), false);
                }
                case "->" -> {
                    tokens.advance();
                    expression = new Expr.Member(line, expression, member(line, "->"), true);
                }
                case "++", "--" -> {
                    boolean up = tokens.is("++");
                    tokens.advance();
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
