package zonda.dtrace;

import java.util.Map;

/**
 * How much of the host a session may take.
 *
 * @param options the most that options can ask for, by name; blanks are those of one printf, and printed is what one
 *     printa shows, in characters
 * @param tables bytes of all aggregations together, and of all associative arrays; what is asked for beyond is not given
 * @param programs how many there may be in the kernel
 * @param slot bytes of scratch memory that a program may need
 */
record Limits(Map<String, Long> options, long tables, int programs, int slot) {
    /** Root of the global zone may do what it likes. */
    static final Limits HOST = new Limits(Map.of(), Long.MAX_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE);

    static final Limits ZONE = new Limits(
            Map.of(
                    "bufsize", 1L << 20,
                    "aggsize", 4L << 20,
                    "dynvarsize", 4L << 20,
                    "specsize", 1L << 18,
                    "stackindent", 256L,
                    "blanks", 4096L,
                    "printed", 4L << 20),
            4L << 20,
            128,
            1 << 17);

    Limits {
        options = Map.copyOf(options);
    }
}
