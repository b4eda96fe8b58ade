package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;

/**
 * The buckets of llquantize: each power of the factor from low to high is cut into equal steps. The first bucket is for
 * what is below factor^low, the last for factor^(high + 1) and above.
 *
 * @param bounds where each bucket but the first begins, ascending
 */
public record LogLinear(List<Long> bounds) {
    public LogLinear {
        bounds = List.copyOf(bounds);
    }

    /** @param parameters factor, low, high, steps */
    public static LogLinear of(List<Long> parameters) {
        long factor = parameters.get(0);
        long low = parameters.get(1);
        long high = parameters.get(2);
        long steps = parameters.get(3);
        var bounds = new ArrayList<Long>();
        long value = 1;
        long order = 0;
        while (order < low) {
            value *= factor;
            order++;
        }
        bounds.add(value);
        for (; order <= high; order++) {
            long next = value * factor;
            long step = next > steps ? next / steps : 1;
            for (long at = value + step - value % step; at < next; at += step) {
                bounds.add(at);
            }
            bounds.add(next);
            value = next;
        }
        return new LogLinear(bounds.stream().distinct().sorted().toList());
    }

    int buckets() {
        return bounds.size() + 1;
    }
}
