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
         * @param number its place among the conversions, where {@code %%} counts
         * @param flags of {@code -+ #0'} @param width -1 when there is none, -2 when an argument gives it
         * @param precision as width @param length of h, l, ll, L and w @param aggregation whether with {@code @}
         */
        record Conversion(
                int number, String flags, int width, int precision, String length, char letter, boolean aggregation)
                implements Piece {
            /** As messages name it. */
            public String name() {
                return length + letter;
            }
        }
    }

    public static final int NONE = -1;
    public static final int FROM_ARGUMENT = -2;
    private static final String LETTERS = "aAcCdeEfFgGiIkopPsSTuxXY";
    private static final int WIDEST = 16;
    private static final String LENGTHS = "|h|l|ll|";

    public static Format parse(String text, int line) {
        var pieces = new ArrayList<Piece>();
        var plain = new StringBuilder();
        int number = 0;
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c != '%') {
                plain.append(c);
                continue;
            }
            number++;
            if (at + 1 < text.length() && text.charAt(at + 1) == '%') {
                plain.append('%');
                at++;
                continue;
            }
            if (!plain.isEmpty()) {
                pieces.add(new Piece.Text(plain.toString()));
                plain.setLength(0);
            }
            var reader = new Reader(text, at + 1, line, number);
            pieces.add(reader.read());
            at = reader.at;
        }
        if (!plain.isEmpty()) {
            pieces.add(new Piece.Text(plain.toString()));
        }
        return new Format(pieces);
    }

    /** Reads one conversion; flags, width and precision may come in any order. */
    private static final class Reader {
        private final String text;
        private final int line;
        private final int number;
        private final String what;
        private int at;
        private final StringBuilder flags = new StringBuilder();
        private final StringBuilder length = new StringBuilder();
        private int width = NONE;
        private int precision = NONE;
        private boolean dot;
        private boolean digits;
        private boolean aggregation;

        Reader(String text, int start, int line, int number) {
            this.text = text;
            this.at = start;
            this.line = line;
            this.number = number;
            this.what = "format conversion #" + number;
        }

        private DError wrong(String words) {
            return new DError("D_SYNTAX", line, what + words);
        }

        Piece.Conversion read() {
            while (at < text.length()) {
                char c = text.charAt(at);
                if (!modifier(c)) {
                    return conversion(c);
                }
                at++;
            }
            throw wrong(" name expected before end of format string");
        }

        private Piece.Conversion conversion(char letter) {
            if (letter == '%') {
                throw wrong(" cannot be combined with other format flags: %%");
            }
            boolean integer = "dioux".indexOf(letter) >= 0 || letter == 'X';
            boolean floating = "eEfFgG".indexOf(letter) >= 0;
            boolean known = LETTERS.indexOf(letter) >= 0
                    && (length.isEmpty()
                            || integer && LENGTHS.contains("|" + length + "|")
                            || floating && length.toString().equals("L")
                            || (letter == 'c' || letter == 's')
                                    && (length.toString().equals("w")
                                            || length.toString().equals("l")));
            if (!known) {
                throw wrong(" is undefined: %" + length + letter);
            }
            return new Piece.Conversion(
                    number, flags.toString(), width, precision, length.toString(), letter, aggregation);
        }

        private boolean modifier(char c) {
            switch (c) {
                case '#', '+', ' ', '\'' -> flags.append(c);
                case '-' -> replaced('0', '-');
                case '?' -> width = WIDEST;
                case '@' -> aggregation = true;
                case 'h', 'l', 'L', 'w' -> length.append(c);
                case '*' -> star();
                case '$' -> throw wrong(" uses unsupported positional format (%n$)");
                case '.' -> {
                    if (dot) {
                        throw wrong(" has more than one '.' specified");
                    }
                    dot = true;
                    digits = false;
                    precision = 0;
                }
                default -> {
                    if (!Character.isDigit(c)) {
                        return false;
                    }
                    number(c);
                }
            }
            return true;
        }

        private void star() {
            if ((dot ? precision : width) == FROM_ARGUMENT) {
                throw wrong(" has more than one '*' specified for the output " + (dot ? "precision" : "width"));
            }
            if (dot) {
                precision = FROM_ARGUMENT;
            } else {
                width = FROM_ARGUMENT;
            }
        }

        /** Of these two flags the last one counts. */
        private void replaced(char before, char now) {
            int there = flags.indexOf(String.valueOf(before));
            if (there >= 0) {
                flags.deleteCharAt(there);
            }
            flags.append(now);
        }

        private void number(char first) {
            if (first == '0' && !dot && !digits) {
                replaced('-', '0');
                return;
            }
            int start = at;
            while (at < text.length() && Character.isDigit(text.charAt(at))) {
                at++;
            }
            if (at - start > 6) {
                throw wrong(" has a width of more than six digits");
            }
            int number = Integer.parseInt(text.substring(start, at));
            at--;
            digits = true;
            if (dot) {
                precision = number;
            } else {
                width = number;
            }
        }
    }

    public List<Piece.Conversion> conversions() {
        return pieces.stream()
                .filter(Piece.Conversion.class::isInstance)
                .map(Piece.Conversion.class::cast)
                .toList();
    }
}
