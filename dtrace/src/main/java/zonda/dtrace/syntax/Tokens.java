package zonda.dtrace.syntax;

/** The words of a program one by one, with what every part of the grammar asks of them. */
final class Tokens {
    private static final int DEEPEST = 200;

    private final Lexer lexer;
    private Token token = new Token(Token.Kind.END, "", 0, 1);
    private int start;
    private int startLine;
    private int depth;

    Tokens(Lexer lexer) {
        this.lexer = lexer;
    }

    Lexer lexer() {
        return lexer;
    }

    /** The word to be read. */
    Token now() {
        return token;
    }

    int line() {
        return token.line();
    }

    boolean at(Token.Kind kind) {
        return token.kind() == kind;
    }

    boolean is(String operator) {
        return token.is(operator);
    }

    boolean isWord(String word) {
        return token.isWord(word);
    }

    void advance() {
        lexer.skipBlanks();
        start = lexer.position();
        startLine = lexer.line();
        token = lexer.next();
    }

    /** The lexer stands where this word begins, to read it as part of a probe's description. */
    void back() {
        lexer.back(start, startLine);
    }

    DError unexpected() {
        return new DError(
                "D_SYNTAX",
                token.line(),
                token.kind() == Token.Kind.END
                        ? "syntax error near end-of-input"
                        : "syntax error near \"" + lexer.written() + "\"");
    }

    boolean accept(String operator) {
        if (token.is(operator)) {
            advance();
            return true;
        }
        return false;
    }

    void expect(String operator) {
        if (!accept(operator)) {
            throw unexpected();
        }
    }

    String identifier() {
        if (token.kind() != Token.Kind.IDENT) {
            throw unexpected();
        }
        String name = token.text();
        advance();
        return name;
    }

    void deeper() {
        if (++depth > DEEPEST) {
            throw new DError("D_SYNTAX", token.line(), "the program is nested too deeply");
        }
    }

    void shallower() {
        depth--;
    }
}
