package zonda.zones;

/**
 * The users and groups of the host that a zone's 0 to 65,535 are: user_namespaces(7). No two zones share one, so what
 * one zone's users own no other's can touch.
 *
 * @param base the host's id for the zone's 0, a multiple of {@link #SIZE}
 */
public record IdRange(long base) {
    public static final long SIZE = 65_536;

    public IdRange {
        if (base < SIZE || base % SIZE != 0 || base + SIZE > 0xffff_fffeL) {
            throw new IllegalArgumentException("not a base of an id range: " + base);
        }
    }
}
