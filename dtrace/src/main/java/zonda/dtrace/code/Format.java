package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;
import zonda.dtrace.syntax.DError;

/** A format of printf() or printa(), taken apart. */
public record Format(List<Piece> pieces) {
    public Format {
        pieces = List.copyOf(pieces);
    }

    /** Part of a format. */
    public sealed interface Piece {
        record Text(String text) implements Piece {}

        /**
         * A conversion.
         *
         * @param flags of {@code -+ #0'?} @param width -1 when there is none, -2 when an argument gives it
         * @param precision as width @param length of h, l, ll, L and w @param aggregation whether with {@code @}
         */
        record Conversion(String flags, int width, int precision, String length, char letter, boolean aggregation)
                implements Piece {}
    }

    public static final int NONE = -1;
    public static final int FROM_ARGUMENT = -2;
    private static final String LETTERS = "aAcCdiDeEfgGhIkKnoOpPsSTuUwxXYyZ";

    public static Format parse(String text, int line) {
        var pieces = new ArrayList<Piece>();
        var plain = new StringBuilder();
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c != '%') {
                plain.append(c);
                continue;
            }
            if (at + 1 < text.length() && text.charAt(at + 1) == '%') {
                plain.append('%');
                at++;
                continue;
            }
            if (!plain.isEmpty()) {
                pieces.add(new Piece.Text(plain.toString()));
                plain.setLength(0);
            }
            at = conversion(text, at + 1, line, pieces);
        }
        if (!plain.isEmpty()) {
            pieces.add(new Piece.Text(plain.toString()));
        }
        return new Format(pieces);
    }

    /** @return the index of the conversion's last character */
    private static int conversion(String text, int start, int line, List<Piece> pieces) {
        int at = start;
        var flags = new StringBuilder();
        boolean aggregation = false;
        while (at < text.length() && "-+ #0'?@".indexOf(text.charAt(at)) >= 0) {
            if (text.charAt(at) == '@') {
                aggregation = true;
            } else {
                flags.append(text.charAt(at));
            }
            at++;
        }
        int width = NONE;
        if (at < text.length() && text.charAt(at) == '*') {
            width = FROM_ARGUMENT;
            at++;
        } else {
            int digits = at;
            while (at < text.length() && Character.isDigit(text.charAt(at))) {
                at++;
            }
            width = digits == at ? NONE : number(text.substring(digits, at), line);
        }
        int precision = NONE;
        if (at < text.length() && text.charAt(at) == '.') {
            at++;
            if (at < text.length() && text.charAt(at) == '*') {
                precision = FROM_ARGUMENT;
                at++;
            } else {
                int digits = at;
                while (at < text.length() && Character.isDigit(text.charAt(at))) {
                    at++;
                }
                precision = digits == at ? 0 : number(text.substring(digits, at), line);
            }
        }
        if (at < text.length() && text.charAt(at) == '@') {
            aggregation = true;
            at++;
        }
        int length = at;
        while (at < text.length() && "hlLwq".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        if (at >= text.length()) {
            throw new DError("D_PRINTF_FMT", line, "unterminated format conversion at end of \"" + text + "\"");
        }
        char letter = text.charAt(at);
        if (LETTERS.indexOf(letter) < 0) {
            throw new DError("D_PRINTF_CONV", line, "unknown format conversion %" + letter);
        }
        pieces.add(new Piece.Conversion(
                flags.toString(), width, precision, text.substring(length, at), letter, aggregation));
        return at;
    }

    private static int number(String digits, int line) {
        if (digits.length() > 6) {
            throw new DError("D_PRINTF_FMT", line, "format width " + digits + " is too large");
        }
        return Integer.parseInt(digits);
    }

    public List<Piece.Conversion> conversions() {
        return pieces.stream()
                .filter(Piece.Conversion.class::isInstance)
                .map(Piece.Conversion.class::cast)
                .toList();
    }
}
