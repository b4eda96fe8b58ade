package zonda.dtrace.output;

import java.util.Collection;
import zonda.dtrace.code.Options;

/**
 * Bars of counts, as long as their share of the total.
 *
 * @param zoomed whether the longest bar fills most of the width (-x aggzoom)
 * @param utf8 whether bars are made of blocks (-x encoding=utf8)
 */
record Bars(boolean zoomed, boolean utf8) {
    private static final int WIDTH = 40;
    /** How much of the width the longest bar takes when zoomed. */
    private static final double LONGEST = 0.95;

    private static final int BLOCK_LEVELS = 8;
    private static final char FULL_BLOCK = '\u2588';
    private static final char THINNEST_BLOCK = '\u258f';
    private static final char LOWEST_BLOCK = '\u2581';

    static Bars of(Options options) {
        return new Bars(
                options.is("aggzoom"), options.word("encoding").orElse("").equals("utf8"));
    }

    double total(Collection<Long> counts) {
        double total = 0;
        for (long count : counts) {
            double value = Math.abs((double) count);
            total = zoomed ? Math.max(total, value / LONGEST) : total + value;
        }
        return total;
    }

    /** A bar with its count, and a newline. @param positive whether any count is above zero @param negative below */
    String line(long count, double total, boolean positive, boolean negative, long normal) {
        return bar(count, total, positive, negative) + " " + Values.paddedRight(Long.toString(count / normal), 9)
                + "\n";
    }

    private String bar(long count, double total, boolean positive, boolean negative) {
        if (positive && negative) {
            int half = WIDTH / 2;
            int depth = depth(count, total, half);
            return count <= 0
                    ? " ".repeat(half - depth) + "@".repeat(depth) + "|" + " ".repeat(half)
                    : " ".repeat(half) + "|" + "@".repeat(depth) + " ".repeat(half - depth);
        }
        if (positive && utf8) {
            return blocks(count, total);
        }
        int depth = depth(count, total, WIDTH);
        return negative
                ? " ".repeat(WIDTH - depth) + "@".repeat(depth) + "|"
                : "|" + "@".repeat(depth) + " ".repeat(WIDTH - depth);
    }

    private static int depth(long count, double total, int width) {
        return total == 0 ? 0 : Math.min(width, (int) (width * Math.abs((double) count) / total + 0.5));
    }

    private static String blocks(long count, double total) {
        double length = WIDTH * Math.abs((double) count) / total;
        int whole = (int) length;
        int partial = (int) ((length - whole) * BLOCK_LEVELS);
        var bar = new StringBuilder("|").repeat(FULL_BLOCK, whole);
        if (partial > 0) {
            bar.append((char) (THINNEST_BLOCK - (partial - 1)));
        }
        return Values.paddedRight(bar.toString(), WIDTH + 1);
    }

    /** One character for a count, by its height. @param encoding as -x encoding has it; empty when it has none */
    static String packed(long count, double total, String encoding) {
        if (count == 0) {
            return " ";
        }
        if (count < 0) {
            String below = "vvvvVV";
            return String.valueOf(below.charAt((int) (Math.abs((double) count) * (below.length() - 1) / total + 0.5)));
        }
        if (encoding.equals("ascii")) {
            String above = "__xxxxXX";
            return String.valueOf(above.charAt((int) ((double) count * (above.length() - 1) / total + 0.5)));
        }
        return String.valueOf((char) (LOWEST_BLOCK + (int) ((double) count * (BLOCK_LEVELS - 1) / total + 0.5)));
    }
}
