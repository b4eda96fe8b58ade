package zonda.dtrace.output;

import java.util.Locale;
import zonda.dtrace.code.Format.Piece;

/** Floating-point numbers as printf(3) of C writes them. */
final class FloatText {
    private static final int USUAL = 6;
    private static final int MOST = 40;
    private static final int EXTENDED_BIAS = 16383 + 63;

    private FloatText() {}

    /** @param precision as the format has it; 0 and less mean none */
    static String of(Piece.Conversion conversion, int precision, double value) {
        char letter = conversion.letter();
        int digits = precision <= 0 ? USUAL : Math.min(precision, MOST);
        String text = Double.isNaN(value) || Double.isInfinite(value)
                ? (Double.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf")
                : switch (letter) {
                    case 'e', 'E' -> exponential(value, digits);
                    case 'f', 'F' -> String.format(Locale.ROOT, "%." + digits + "f", value);
                    default -> shortest(value, digits, conversion.flags().indexOf('#') >= 0);
                };
        String sign = conversion.flags().indexOf('+') >= 0 && value >= 0 ? "+" : "";
        return sign + (Character.isUpperCase(letter) ? text.toUpperCase(Locale.ROOT) : text);
    }

    private static String exponential(double value, int digits) {
        return String.format(Locale.ROOT, "%." + digits + "e", value);
    }

    /** %g: the form that suits the exponent, without zeros at its end. */
    private static String shortest(double value, int digits, boolean whole) {
        String text = exponential(value, digits - 1);
        int mark = text.indexOf('e');
        int exponent = value == 0 ? 0 : Integer.parseInt(text.substring(mark + 1));
        if (exponent >= -4 && exponent < digits) {
            return stripped(String.format(Locale.ROOT, "%." + (digits - 1 - exponent) + "f", value), whole);
        }
        return stripped(text.substring(0, mark), whole) + text.substring(mark);
    }

    private static String stripped(String text, boolean whole) {
        if (whole || text.indexOf('.') < 0) {
            return text;
        }
        int end = text.length();
        while (text.charAt(end - 1) == '0') {
            end--;
        }
        return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
    }

    /** A long double of x86: 64 bits of mantissa, then sign and exponent. */
    static double extended(long mantissa, int head) {
        double positive = Math.scalb((mantissa >>> 1) * 2.0 + (mantissa & 1), (head & 0x7fff) - EXTENDED_BIAS);
        return mantissa == 0 ? 0 : (head & 0x8000) != 0 ? -positive : positive;
    }
}
