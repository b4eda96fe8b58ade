package zonda.dtrace.syntax;

import java.util.ArrayList;
import java.util.List;

/** Cuts a program's text into words. Probe descriptions are words of their own, which the parser asks for. */
final class Lexer {
    private static final String[] OPERATORS = {
        "<<=", ">>=", "...", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "^^", "+=", "-=", "*=",
        "/=", "%=", "&=", "|=", "^=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "!", "<", ">", "=", "?", ":", ";",
        ",", "(", ")", "[", "]", "{", "}", ".", "@", "`",
    };

    private final String text;
    private final Macros macros;
    private final List<Item> pragmas = new ArrayList<>();
    private int begin;
    private int at;
    private int line = 1;
    private int parentheses;
    private int brackets;

    Lexer(String text, Macros macros) {
        this.text = text;
        this.macros = macros;
        if (text.startsWith("#!")) {
            skipLine();
        }
    }

    int line() {
        return line;
    }

    int position() {
        return at;
    }

    /** Goes back to a token's start, to read it as something else. */
    void back(int position, int lineThere) {
        at = position;
        line = lineThere;
    }

    /** Pragmas met so far. */
    List<Item> pragmas() {
        return pragmas;
    }

    private char peek(int ahead) {
        return at + ahead < text.length() ? text.charAt(at + ahead) : '\0';
    }

    private void skipLine() {
        while (at < text.length() && text.charAt(at) != '\n') {
            at++;
        }
    }

    void skipBlanks() {
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\n') {
                line++;
                at++;
            } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\u000b') {
                at++;
            } else if (c == '/' && peek(1) == '*') {
                skipComment();
            } else if (c == '/' && peek(1) == '/') {
                skipLine();
            } else if (c == '#' && startsLine()) {
                directive();
            } else {
                return;
            }
        }
    }

    private boolean startsLine() {
        int before = at - 1;
        while (before >= 0 && (text.charAt(before) == ' ' || text.charAt(before) == '\t')) {
            before--;
        }
        return before < 0 || text.charAt(before) == '\n';
    }

    private void skipComment() {
        int end = text.indexOf("*/", at + 2);
        if (end < 0) {
            throw new DError("D_SYNTAX", line, "end-of-file encountered before matching */");
        }
        int nested = text.indexOf("/*", at + 2);
        if (nested >= 0 && nested < end) {
            throw new DError("D_SYNTAX", line, "/* encountered inside a comment");
        }
        for (; at < end + 2; at++) {
            if (text.charAt(at) == '\n') {
                line++;
            }
        }
    }

    /** A control line: {@code #pragma}, {@code #line}, {@code # 3 "file"}, {@code #ident}, {@code #}. */
    private void directive() {
        int start = at + 1;
        int here = line;
        skipLine();
        if (at >= text.length()) {
            throw new DError("D_SYNTAX", here, "end-of-file encountered before end of control line");
        }
        String rest = text.substring(start, at).strip();
        String[] words = rest.split("\\s+", 2);
        switch (words[0]) {
            case "pragma" -> {
                String pragma = words.length > 1 ? words[1] : "";
                pragmas.add(new Item.Pragma(here, pragma));
                if (pragma.matches("D\\s+option\\s+(.*\\s)?defaultargs(=\\S*)?(\\s.*)?")) {
                    macros.allowMissing();
                }
            }
            case "", "ident", "error" -> {
                if (words[0].equals("error")) {
                    throw new DError("D_PRAGERR", here, "#error: " + (words.length > 1 ? words[1] + " " : ""));
                }
            }
            case "line" -> {
                if (words.length < 2 || !words[1].matches("[0-9]{1,9}(\\s+\"[^\"]*\"(\\s+[0-9]+)?)?")) {
                    throw new DError("D_PRAGMA_MALFORM", here, "malformed #line <line> [ [\"file\"] state ]");
                }
                renumber(words[1], here);
            }
            default -> renumber(rest, here);
        }
    }

    private void renumber(String rest, int here) {
        String number = rest.split("\\s+", 2)[0];
        if (!number.matches("[0-9]{1,9}")) {
            throw new DError("D_PRAGCTL_INVAL", here, "invalid control directive: #" + rest.split("\\s+", 2)[0]);
        }
        // The newline that follows counts one.
        line = Integer.parseInt(number) - 1;
    }

    private static boolean isProbeCharacter(char c) {
        return Character.isLetterOrDigit(c) || "-$:_.`?*\\[]!<>~".indexOf(c) >= 0;
    }

    /** A probe description, with its macros replaced; empty when there is none here. */
    String probe() {
        skipBlanks();
        int start = at;
        boolean number = Character.isDigit(peek(0));
        while (at < text.length()
                && (number ? Character.isDigit(text.charAt(at)) : isProbeCharacter(text.charAt(at)))) {
            at++;
        }
        return replaced(text.substring(start, at));
    }

    private String replaced(String description) {
        var result = new StringBuilder();
        for (int i = 0; i < description.length(); i++) {
            char c = description.charAt(i);
            if (c != '$') {
                result.append(c);
                continue;
            }
            int from = i + 1;
            while (from < description.length() && description.charAt(from) == '$') {
                from++;
            }
            int end = from;
            boolean digits = end < description.length() && Character.isDigit(description.charAt(end));
            while (end < description.length()
                    && (digits
                            ? Character.isDigit(description.charAt(end))
                            : Character.isLetter(description.charAt(end)) || description.charAt(end) == '_')) {
                end++;
            }
            result.append(macros.text(description.substring(from, end), line));
            i = end - 1;
        }
        return result.toString();
    }

    /** The last word as it is written, for messages: of what has quotes the last of these, as D's lexer sees it. */
    String written() {
        char first = begin < text.length() ? text.charAt(begin) : ' ';
        return first == '"' || first == '\'' ? String.valueOf(first) : text.substring(begin, at);
    }

    Token next() {
        skipBlanks();
        begin = at;
        if (at >= text.length()) {
            return new Token(Token.Kind.END, "", 0, line);
        }
        char c = text.charAt(at);
        if (Character.isLetter(c) && c < 128 || c == '_') {
            return new Token(Token.Kind.IDENT, word(), 0, line);
        }
        if (Character.isDigit(c)) {
            return number();
        }
        return switch (c) {
            case '"' -> new Token(Token.Kind.STRING, quoted('"'), 0, line);
            case '\'' -> character();
            case '@' -> {
                at++;
                skipBlanks();
                yield new Token(
                        Token.Kind.AGGREGATION,
                        at < text.length() && (Character.isLetter(peek(0)) || peek(0) == '_') ? word() : "_",
                        0,
                        line);
            }
            case '$' -> macro();
            default -> operator();
        };
    }

    private String word() {
        int start = at;
        while (at < text.length()
                && (Character.isLetterOrDigit(text.charAt(at)) && text.charAt(at) < 128 || text.charAt(at) == '_')) {
            at++;
        }
        return text.substring(start, at);
    }

    private Token macro() {
        at++;
        boolean asString = peek(0) == '$';
        if (asString) {
            at++;
        }
        int start = at;
        boolean digits = Character.isDigit(peek(0));
        while (at < text.length()
                && (digits ? Character.isDigit(peek(0)) : Character.isLetter(peek(0)) || peek(0) == '_')) {
            at++;
        }
        String name = text.substring(start, at);
        if (name.isEmpty()) {
            throw new DError("D_SYNTAX", line, "syntax error near \"$\"");
        }
        String value = macros.text(name, line);
        if (asString) {
            return new Token(Token.Kind.STRING, value, 0, line);
        }
        if (value.isEmpty()) {
            return new Token(Token.Kind.INT, "0", 0, line);
        }
        if (value.matches("-?(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]*")) {
            boolean minus = value.startsWith("-");
            Token token = macroNumber(name, minus ? value.substring(1) : value);
            return minus ? new Token(Token.Kind.INT, token.text(), -token.number(), line) : token;
        }
        if (Character.isLetter(value.charAt(0)) || value.charAt(0) == '_') {
            return new Token(Token.Kind.IDENT, value, 0, line);
        }
        throw new DError("D_SYNTAX", line, "syntax error near \"" + value + "\"");
    }

    private Token macroNumber(String name, String value) {
        try {
            return parse(value);
        } catch (DError e) {
            throw e.tag().equals("D_INT_OFLOW")
                    ? new DError(
                            "D_MACRO_OFLOW",
                            line,
                            "macro argument $" + name + " constant " + value + " results in integer overflow")
                    : e;
        }
    }

    private Token number() {
        int start = at;
        boolean hexadecimal = peek(0) == '0' && (peek(1) == 'x' || peek(1) == 'X') && Character.digit(peek(2), 16) >= 0;
        at += hexadecimal ? 2 : 0;
        while (Character.digit(peek(0), hexadecimal ? 16 : 10) >= 0
                || peek(0) == '.' && !hexadecimal && Character.isDigit(peek(1))) {
            at++;
        }
        while ("uUlL".indexOf(peek(0)) >= 0) {
            at++;
        }
        String written = text.substring(start, at);
        if (written.indexOf('.') >= 0) {
            throw new DError("D_SYNTAX", line, "floating-point constants are not permitted");
        }
        return parse(written);
    }

    private Token parse(String written) {
        String digits = written.replaceAll("[uUlL]+$", "");
        try {
            long value;
            if (digits.startsWith("0x") || digits.startsWith("0X")) {
                value = Long.parseUnsignedLong(digits.substring(2), 16);
            } else if (digits.startsWith("0") && digits.length() > 1) {
                value = Long.parseUnsignedLong(digits.substring(1), 8);
            } else {
                value = Long.parseUnsignedLong(digits);
            }
            return new Token(Token.Kind.INT, written, value, line);
        } catch (NumberFormatException e) {
            if (digits.matches("0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*")) {
                throw new DError("D_INT_OFLOW", line, "constant " + written + " results in integer overflow");
            }
            char bad = badDigit(digits);
            throw new DError("D_INT_DIGIT", line, "constant " + written + " contains invalid digit " + bad);
        }
    }

    private static char badDigit(String digits) {
        boolean hexadecimal = digits.startsWith("0x") || digits.startsWith("0X");
        int radix = hexadecimal ? 16 : digits.startsWith("0") ? 8 : 10;
        for (int i = hexadecimal ? 2 : 0; i < digits.length(); i++) {
            if (Character.digit(digits.charAt(i), radix) < 0) {
                return digits.charAt(i);
            }
        }
        return hexadecimal ? digits.charAt(1) : digits.charAt(0);
    }

    private Token character() {
        String value = quoted('\'');
        if (value.isEmpty()) {
            throw new DError("D_CHR_NULL", line, "empty character constant");
        }
        if (value.length() > 8) {
            throw new DError("D_CHR_OFLOW", line, "character constant is too long");
        }
        long number = 0;
        for (int i = 0; i < value.length(); i++) {
            number = number << 8 | value.charAt(i) & 0xff;
        }
        return new Token(Token.Kind.INT, "'" + value + "'", value.length() == 1 ? (byte) number : number, line);
    }

    private String quoted(char quote) {
        var value = new StringBuilder();
        at++;
        while (true) {
            if (at >= text.length() || text.charAt(at) == '\n') {
                throw new DError(
                        quote == '"' ? "D_STR_NL" : "D_CHR_NL",
                        line,
                        (at >= text.length() ? "end-of-file" : "newline") + " encountered in "
                                + (quote == '"' ? "string literal" : "character constant"));
            }
            char c = text.charAt(at++);
            if (c == quote) {
                return value.toString();
            }
            if (c == '\\') {
                escape(value);
            } else {
                value.append(c);
            }
        }
    }

    private void escape(StringBuilder value) {
        char c = at < text.length() ? text.charAt(at++) : '\\';
        switch (c) {
            case 'a' -> value.append('\u0007');
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case 'n' -> value.append('\n');
            case 'r' -> value.append('\r');
            case 't' -> value.append('\t');
            case 'v' -> value.append('\u000b');
            case '\n' -> line++;
            case 'x' -> {
                int start = at;
                while (at < text.length() && at < start + 2 && Character.digit(text.charAt(at), 16) >= 0) {
                    at++;
                }
                value.append((char) (at == start ? 'x' : Integer.parseInt(text.substring(start, at), 16)));
            }
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                int start = at - 1;
                while (at < text.length() && at < start + 3 && text.charAt(at) >= '0' && text.charAt(at) <= '7') {
                    at++;
                }
                value.append((char) (Integer.parseInt(text.substring(start, at), 8) & 0xff));
            }
            default -> value.append(c);
        }
    }

    private Token operator() {
        if (peek(0) == '/' && endsPredicate()) {
            if (parentheses > 0 || brackets > 0) {
                throw new DError(
                        "D_SYNTAX",
                        line,
                        "closing " + (parentheses > 0 ? ")" : "]") + " expected in predicate before /");
            }
            at++;
            return new Token(Token.Kind.END_PREDICATE, "/", 0, line);
        }
        for (String operator : OPERATORS) {
            if (text.startsWith(operator, at)) {
                at += operator.length();
                count(operator);
                return new Token(Token.Kind.OPERATOR, operator, 0, line);
            }
        }
        String bad = text.substring(at, at + Character.charCount(text.codePointAt(at)));
        throw new DError("D_SYNTAX", line, "syntax error near \"" + bad + "\"");
    }

    private void count(String operator) {
        switch (operator) {
            case "(" -> parentheses++;
            case ")" -> parentheses--;
            case "[" -> brackets++;
            case "]" -> brackets--;
            default -> {
                return;
            }
        }
        if (parentheses < 0 || brackets < 0) {
            throw new DError("D_SYNTAX", line, "extra " + operator + " in input stream");
        }
    }

    /** Parentheses and brackets are balanced anew in each clause. */
    void resetParentheses() {
        parentheses = 0;
        brackets = 0;
    }

    /** Whether this slash is followed by what follows a predicate: a brace, a semicolon, the end. */
    private boolean endsPredicate() {
        int ahead = at + 1;
        while (ahead < text.length()) {
            char c = text.charAt(ahead);
            if (Character.isWhitespace(c)) {
                ahead++;
            } else if (c == '/' && ahead + 1 < text.length() && text.charAt(ahead + 1) == '*') {
                int end = text.indexOf("*/", ahead + 2);
                if (end < 0) {
                    return false;
                }
                ahead = end + 2;
            } else if (text.startsWith("//", ahead)) {
                int end = text.indexOf('\n', ahead);
                ahead = end < 0 ? text.length() : end;
            } else {
                return c == '{' || c == ';';
            }
        }
        return true;
    }
}
