package zonda.dtrace.output;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.LogLinear;

/** The picture of a quantization: a row for each bucket, with one empty bucket on either side. */
final class Distribution {
    private static final int ZERO = 63;
    /** The last row of one that has nothing in it. */
    private static final int EMPTY_LAST = 2;

    private Distribution() {}

    private record Row(String label, long count) {}

    /** @param words a value of the aggregation: its buckets from the second word on */
    static String of(Aggregate aggregate, long[] words, long normal, Bars bars) {
        List<Row> rows = switch (aggregate.function()) {
            case QUANTIZE -> powers(words);
            case LQUANTIZE -> linear(aggregate, words);
            default -> logLinear(aggregate, words);
        };
        var out = new StringBuilder(String.format(
                Locale.ROOT, "\n%16s %41s %-9s\n", "value", "------------- Distribution -------------", "count"));
        double total = bars.total(rows.stream().map(Row::count).toList());
        boolean positive = rows.stream().anyMatch(row -> row.count() > 0);
        boolean negative = rows.stream().anyMatch(row -> row.count() < 0);
        for (Row row : rows) {
            out.append(Values.padded(row.label(), 16))
                    .append(' ')
                    .append(bars.line(row.count(), total, positive, negative, normal));
        }
        return out.toString();
    }

    private static List<Row> powers(long[] words) {
        var rows = new ArrayList<Row>();
        int first = 0;
        int last = Aggregate.QUANTIZE_BUCKETS - 1;
        while (first < last && words[1 + first] == 0) {
            first++;
        }
        if (first == last && words[1 + last] == 0) {
            first = ZERO - 1;
            last = ZERO + 1;
        } else {
            while (last > 0 && words[1 + last] == 0) {
                last--;
            }
            first = Math.max(0, first - 1);
            last = Math.min(Aggregate.QUANTIZE_BUCKETS - 1, last + 1);
        }
        for (int i = first; i <= last; i++) {
            rows.add(new Row(Long.toString(value(i)), words[1 + i]));
        }
        return rows;
    }

    /** What a bucket of quantize stands for. */
    static long value(int bucket) {
        if (bucket == ZERO) {
            return 0;
        }
        return bucket > ZERO ? 1L << bucket - ZERO - 1 : -(1L << ZERO - 1 - bucket);
    }

    private static List<Row> linear(Aggregate aggregate, long[] words) {
        long base = aggregate.parameters().get(0);
        long step = aggregate.parameters().get(2);
        int levels = aggregate.levels();
        var labels = new ArrayList<String>();
        labels.add("< " + base);
        for (int i = 0; i < levels; i++) {
            labels.add(Long.toString(base + i * step));
        }
        labels.add(">= " + (base + levels * step));
        return used(labels, words);
    }

    private static List<Row> logLinear(Aggregate aggregate, long[] words) {
        List<Long> bounds = LogLinear.of(aggregate.parameters()).bounds();
        var labels = new ArrayList<String>();
        labels.add("< " + bounds.getFirst());
        for (int i = 0; i < bounds.size() - 1; i++) {
            labels.add(Long.toString(bounds.get(i)));
        }
        labels.add(">= " + bounds.getLast());
        return used(labels, words);
    }

    private static List<Row> used(List<String> labels, long[] words) {
        int first = 0;
        int last = labels.size() - 1;
        while (first <= last && words[1 + first] == 0) {
            first++;
        }
        if (first > last) {
            // There is nothing, as after clear().
            first = 0;
            last = Math.min(EMPTY_LAST, last);
        } else {
            while (words[1 + last] == 0) {
                last--;
            }
            first = Math.max(0, first - 1);
            last = Math.min(labels.size() - 1, last + 1);
        }
        var rows = new ArrayList<Row>();
        for (int i = first; i <= last; i++) {
            rows.add(new Row(labels.get(i), words[1 + i]));
        }
        return rows;
    }

    /** The lowest value that a bucket stands for; of the first, which has none, one that lies in it. */
    static long lowest(Aggregate aggregate, int bucket) {
        return switch (aggregate.function()) {
            case QUANTIZE -> value(bucket);
            case LQUANTIZE -> {
                long base = aggregate.parameters().get(0);
                yield bucket == 0
                        ? base - 1
                        : base + (bucket - 1) * aggregate.parameters().get(2);
            }
            default -> {
                List<Long> bounds = LogLinear.of(aggregate.parameters()).bounds();
                yield bucket == 0 ? bounds.getFirst() - 1 : bounds.get(bucket - 1);
            }
        };
    }

    /** The sum of what was aggregated, as far as buckets tell, for sorting. */
    static double weight(Aggregate aggregate, long[] words) {
        double sum = 0;
        for (int i = 0; i + 1 < words.length; i++) {
            sum += (double) lowest(aggregate, i) * words[i + 1];
        }
        return sum;
    }

    /** The deviation from sums: as illumos' dt_stddev(), in whole numbers. */
    static long deviation(long[] words, long normal) {
        long count = words[0];
        if (count == 0) {
            return 0;
        }
        BigInteger squares = new BigInteger(Long.toUnsignedString(words[3]))
                .shiftLeft(64)
                .add(new BigInteger(Long.toUnsignedString(words[2])));
        BigInteger n = BigInteger.valueOf(normal).pow(2);
        BigInteger mean = squares.divide(BigInteger.valueOf(count)).divide(n);
        BigInteger average = BigInteger.valueOf(words[1] / count / normal);
        BigInteger difference = mean.subtract(average.multiply(average));
        return difference.signum() <= 0 ? 0 : difference.sqrt().longValue();
    }
}
