package zonda.dtrace.output;

import java.util.ArrayList;
import java.util.List;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.Options;
import zonda.dtrace.types.DType;

/** The entries of an aggregation a line each: bars side by side (-x agghist), or whole distributions (-x aggpack). */
final class Packed {
    private static final int ZERO = 63;
    private static final int LINEAR_WIDTH = 8;

    private final Options options;
    private final Bars bars;

    Packed(Options options) {
        this.options = options;
        this.bars = Bars.of(options);
    }

    /** Whether an aggregation is shown this way. */
    boolean shows(Aggregate aggregate) {
        return switch (aggregate.function()) {
            case COUNT, SUM -> options.is("agghist");
            case QUANTIZE, LQUANTIZE -> options.is("aggpack");
            default -> false;
        };
    }

    /** Characters that a key takes. */
    static int width(DType type) {
        return switch (type instanceof DType.Int integer ? integer.size() : 8) {
            case 1 -> 3;
            case 2 -> 5;
            case 4 -> 8;
            default -> 16;
        };
    }

    /** An entry: the text of its keys, and its value or its buckets. */
    record Line(String keys, long[] words) {}

    String of(Aggregate aggregate, List<Line> lines, long normal) {
        int width = aggregate.keys().stream().mapToInt(type -> width(type) + 1).sum();
        return switch (aggregate.function()) {
            case COUNT, SUM -> histogram(aggregate, lines, width, normal);
            default -> distributions(aggregate, lines, width);
        };
    }

    private String histogram(Aggregate aggregate, List<Line> lines, int width, long normal) {
        var out = new StringBuilder("\n")
                .append(Values.padded(width > 0 ? "key" : "value", width > 0 ? width : 16))
                .append("  ------------- Distribution ------------- count    \n");
        int word = aggregate.function() == Aggregate.Function.COUNT ? 0 : 1;
        List<Long> counts = lines.stream().map(line -> line.words()[word]).toList();
        double total = bars.total(counts);
        boolean positive = counts.stream().anyMatch(count -> count > 0);
        boolean negative = counts.stream().anyMatch(count -> count < 0);
        for (int i = 0; i < lines.size(); i++) {
            out.append(lines.get(i).keys())
                    .append(' ')
                    .append(bars.line(counts.get(i), total, positive, negative, normal));
        }
        return out.toString();
    }

    private String distributions(Aggregate aggregate, List<Line> lines, int width) {
        boolean linear = aggregate.function() == Aggregate.Function.LQUANTIZE;
        int first = 0;
        int last = linear ? aggregate.levels() + 1 : ZERO;
        if (!linear) {
            first = lines.stream()
                    .mapToInt(line -> edge(line.words(), true))
                    .min()
                    .orElse(ZERO);
            last = lines.stream()
                    .mapToInt(line -> edge(line.words(), false))
                    .max()
                    .orElse(ZERO);
            first -= first == 0 || first == ZERO ? 0 : 1;
            last += last < Aggregate.QUANTIZE_BUCKETS - 1 ? 1 : 0;
        }
        String low = linear
                ? Values.padded("< " + aggregate.parameters().get(0), LINEAR_WIDTH)
                : Long.toString(Distribution.value(first));
        String high = linear
                ? Values.paddedRight(">= " + limit(aggregate), LINEAR_WIDTH)
                : Long.toString(Distribution.value(last));
        int lowWidth = linear ? LINEAR_WIDTH - 1 : low.length();
        var out = new StringBuilder("\n")
                .append(Values.padded(width > 0 ? "key" : "", width))
                .append(' ')
                .append(Values.padded("min", lowWidth))
                .append(" .")
                .append("-".repeat(last - first + 1))
                .append(". ")
                .append(Values.paddedRight("max", high.length()))
                .append(" | count\n");
        for (Line line : lines) {
            out.append(line.keys()).append(linear ? "" : " ").append(low).append(" :");
            distribution(line.words(), first, last, high, out);
        }
        return out.toString();
    }

    private static long limit(Aggregate aggregate) {
        return aggregate.parameters().get(0)
                + aggregate.levels() * aggregate.parameters().get(2);
    }

    private void distribution(long[] words, int first, int last, String high, StringBuilder out) {
        var counts = new ArrayList<Long>();
        long sum = 0;
        for (int i = first; i <= last; i++) {
            counts.add(words[1 + i]);
            sum += words[1 + i];
        }
        double total = bars.total(counts);
        String encoding = options.word("encoding").orElse("");
        counts.forEach(count -> out.append(Bars.packed(count, total, encoding)));
        out.append(": ").append(high).append(" | ").append(sum).append('\n');
    }

    /** The first or last bucket that has anything in it. */
    private static int edge(long[] words, boolean first) {
        for (int i = 0; i < Aggregate.QUANTIZE_BUCKETS; i++) {
            int bucket = first ? i : Aggregate.QUANTIZE_BUCKETS - 1 - i;
            if (words[1 + bucket] != 0) {
                return bucket;
            }
        }
        return ZERO;
    }
}
