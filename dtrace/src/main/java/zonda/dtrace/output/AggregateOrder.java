package zonda.dtrace.output;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.Options;
import zonda.dtrace.output.Aggregations.Entry;
import zonda.dtrace.types.DType;

/** In which order entries of aggregations are printed: -x aggsortkey, aggsortrev and aggsortkeypos. */
final class AggregateOrder {
    private final Options options;

    AggregateOrder(Options options) {
        this.options = options;
    }

    /** As the options have it. */
    Comparator<Entry> order() {
        Comparator<Entry> order =
                options.is("aggsortkey") ? this::byKey : byValue().thenComparing(this::byKey);
        return options.is("aggsortrev") ? order.reversed() : order;
    }

    static Comparator<Entry> byValue() {
        return (one, other) -> {
            if (one.aggregate().id() != other.aggregate().id()) {
                return Integer.compare(one.aggregate().id(), other.aggregate().id());
            }
            return switch (one.aggregate().function()) {
                case COUNT -> Long.compare(one.words()[0], other.words()[0]);
                case SUM, MIN, MAX -> Long.compare(one.words()[1], other.words()[1]);
                case AVG -> Long.compare(average(one.words()), average(other.words()));
                case STDDEV ->
                    Long.compareUnsigned(
                            Distribution.deviation(one.words(), 1), Distribution.deviation(other.words(), 1));
                default ->
                    Double.compare(
                            Distribution.weight(one.aggregate(), one.words()),
                            Distribution.weight(other.aggregate(), other.words()));
            };
        };
    }

    private static long average(long[] words) {
        return words[0] == 0 ? 0 : words[1] / words[0];
    }

    private int byKey(Entry one, Entry other) {
        List<DType> types = one.aggregate().keys();
        int first = (int) options.number("aggsortkeypos");
        int[] offsets = new int[types.size() + 1];
        for (int i = 0; i < types.size(); i++) {
            offsets[i + 1] = offsets[i] + Aggregate.size(types.get(i), options.stringSize());
        }
        for (int i = 0; i < types.size(); i++) {
            int at = (i + first) % types.size();
            int compared = compareKeys(one, other, types.get(at), offsets[at]);
            if (compared != 0) {
                return compared;
            }
        }
        return 0;
    }

    private int compareKeys(Entry one, Entry other, DType type, int offset) {
        ByteBuffer left = one.key().buffer();
        ByteBuffer right = other.key().buffer();
        if (type.isString()) {
            return Arrays.compareUnsigned(
                    Values.bytes(left, offset, Aggregate.size(type, options.stringSize())),
                    Values.bytes(right, offset, Aggregate.size(type, options.stringSize())));
        }
        if (type instanceof DType.Addresses addresses) {
            return Arrays.compareUnsigned(
                    one.key().bytes,
                    offset,
                    offset + addresses.size(),
                    other.key().bytes,
                    offset,
                    offset + addresses.size());
        }
        // As on illumos, without a sign, whatever is printed.
        long mask = type.size() >= 8 ? -1 : (1L << 8 * type.size()) - 1;
        return Long.compareUnsigned(
                Values.number(left, offset, type) & mask, Values.number(right, offset, type) & mask);
    }
}
