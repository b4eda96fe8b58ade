package zonda.dtrace.output;

import zonda.dtrace.code.Aggregate;

/** The words of aggregations' values: those of all processors together, and less what was there at a clear(). */
final class AggregateWords {
    private AggregateWords() {}

    /** One value of those that the processors have. */
    static long[] merged(Aggregate aggregate, long[][] perCpu) {
        long[] all = new long[aggregate.words()];
        for (long[] one : perCpu) {
            switch (aggregate.function()) {
                case MIN, MAX -> {
                    boolean better = all[0] == 0
                            || (aggregate.function() == Aggregate.Function.MIN ? one[1] < all[1] : one[1] > all[1]);
                    if (one[0] != 0 && better) {
                        all[0] = 1;
                        all[1] = one[1];
                    }
                }
                case STDDEV -> {
                    all[0] += one[0];
                    all[1] += one[1];
                    long low = all[2] + one[2];
                    all[3] += one[3] + (Long.compareUnsigned(low, one[2]) < 0 ? 1 : 0);
                    all[2] = low;
                }
                default -> {
                    for (int i = 0; i < all.length; i++) {
                        all[i] += one[i];
                    }
                }
            }
        }
        return all;
    }

    /** Takes away what was there before. */
    static void subtract(Aggregate aggregate, long[] words, long[] less) {
        switch (aggregate.function()) {
            case MIN, MAX -> {
                if (words[0] == 0) {
                    words[1] = aggregate.function() == Aggregate.Function.MIN ? Long.MAX_VALUE : Long.MIN_VALUE;
                }
            }
            case STDDEV -> {
                words[0] -= less[0];
                words[1] -= less[1];
                words[3] -= less[3] + (Long.compareUnsigned(words[2], less[2]) < 0 ? 1 : 0);
                words[2] -= less[2];
            }
            default -> {
                for (int i = 0; i < words.length; i++) {
                    words[i] -= less[i];
                }
            }
        }
    }
}
