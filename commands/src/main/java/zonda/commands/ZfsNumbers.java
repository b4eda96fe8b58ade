package zonda.commands;

import java.util.Locale;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;

/** Sizes as zfs(8) writes and reads them. */
final class ZfsNumbers {
    private static final String UNITS = "BKMGTPE";
    /** The most characters of a number before its unit, when it isn't whole. */
    private static final int WIDTH = 5;

    private ZfsNumbers() {}

    /** At most five characters and, where they fit, two digits behind the point: {@code 0B}, {@code 96K}, {@code 1.21M}. */
    static String human(long bytes) {
        int unit = 0;
        long whole = bytes;
        while (whole >= 1024 && unit < UNITS.length() - 1) {
            whole /= 1024;
            unit++;
        }
        boolean exact = bytes == whole << 10 * unit;
        if (exact) {
            return whole + UNITS.substring(unit, unit + 1);
        }
        double amount = (double) bytes / (1L << 10 * unit);
        for (int digits = 2; digits > 0; digits--) {
            String text = String.format(Locale.ROOT, "%." + digits + "f", amount) + UNITS.charAt(unit);
            if (text.length() <= WIDTH) {
                return text;
            }
        }
        return String.format(Locale.ROOT, "%.0f", amount) + UNITS.charAt(unit);
    }

    /** A count, shortened as a size is and without a unit below 1,024. */
    static String count(long number) {
        return number < 1024 ? String.valueOf(number) : human(number);
    }

    /** Reads {@code 10G}, {@code 1.5T}, {@code 512} (bytes), {@code 64KB}. @throws OpException INVALID for other words */
    static Bytes parse(String text) {
        String word = text.toUpperCase(Locale.ROOT);
        if (!word.matches("[0-9]{1,18}(\\.[0-9]{1,9})?([KMGTPE](I?B)?|B)?")) {
            throw new OpException(Code.INVALID, "bad numeric value '" + text + "'");
        }
        String digits = word.replaceAll("[A-Z]", "");
        int unit = Math.max(
                0, UNITS.indexOf(word.substring(digits.length()).concat("B").charAt(0)));
        double bytes = Double.parseDouble(digits) * (1L << 10 * unit);
        if (bytes >= Long.MAX_VALUE) {
            throw new OpException(Code.INVALID, "numeric value is too large '" + text + "'");
        }
        return Bytes.of(digits.contains(".") ? (long) bytes : Long.parseLong(digits) << 10 * unit);
    }
}
