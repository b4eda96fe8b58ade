package zonda.dtrace.code;

import java.util.List;
import zonda.dtrace.types.DType;

/**
 * An aggregation: one map.
 *
 * @param id its number by order of first use, from 1
 * @param keys types of its keys
 * @param parameters of lquantize: base, limit, step; of llquantize: factor, low, high, steps
 */
public record Aggregate(int id, String name, Function function, List<DType> keys, List<Long> parameters) {
    public Aggregate {
        keys = List.copyOf(keys);
        parameters = List.copyOf(parameters);
    }

    /** What is kept. */
    public enum Function {
        COUNT,
        SUM,
        AVG,
        MIN,
        MAX,
        STDDEV,
        QUANTIZE,
        LQUANTIZE,
        LLQUANTIZE;

        static java.util.Optional<Function> named(String name) {
            for (Function function : values()) {
                if (function.name().toLowerCase(java.util.Locale.ROOT).equals(name)) {
                    return java.util.Optional.of(function);
                }
            }
            return java.util.Optional.empty();
        }
    }

    /** Buckets of quantize: one for each power of two of either sign, and zero. */
    public static final int QUANTIZE_BUCKETS = 127;

    /**
     * 64-bit words of a value; the first is the number of values seen.
     */
    public int words() {
        return switch (function) {
            case COUNT -> 1;
            case SUM, AVG, MIN, MAX -> 2;
            case STDDEV -> 4;
            case QUANTIZE -> 1 + QUANTIZE_BUCKETS;
            case LQUANTIZE -> 1 + levels() + 2;
            case LLQUANTIZE -> 1 + LogLinear.of(parameters).buckets();
        };
    }

    /** Buckets of lquantize between base and limit. */
    public int levels() {
        return (int) ((parameters.get(1) - parameters.get(0)) / parameters.get(2));
    }

    /** Bytes of a key: strings have the size of strings, all else is eight bytes, stacks are what they are. */
    public int keySize(int stringSize) {
        return keys.stream().mapToInt(key -> size(key, stringSize)).sum();
    }

    /** Bytes that a value of the type has in keys and records. */
    public static int size(DType type, int stringSize) {
        return switch (type) {
            case DType.Str(int width) -> width == 0 ? stringSize : Math.min(width, stringSize);
            case DType.Addresses addresses -> addresses.size();
            case DType.Array array -> (array.size() + 7) / 8 * 8;
            case DType.Struct struct -> (struct.size() + 7) / 8 * 8;
            case DType.Float number -> (number.size() + 7) / 8 * 8;
            default -> 8;
        };
    }
}
