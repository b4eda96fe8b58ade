package zonda.zstream;

import java.util.EnumSet;
import java.util.Set;

/** What a stream's header says that a receiver must be able to do: bits of drr_versioninfo, sys/zfs_ioctl.h. */
enum Feature {
    DEDUP(0, "it is deduplicated (zfs send -D), which OpenZFS gave up in 2.0; send it again without -D"),
    DEDUP_PROPERTIES(1, "it is deduplicated (zfs send -D), which OpenZFS gave up in 2.0; send it again without -D"),
    SPILL(2),
    EMBEDDED(16),
    LZ4(17),
    LARGE_BLOCKS(19),
    RESUMING(20),
    REDACTED(21, "it is redacted (zfs send --redact), and so has not all data; send it without --redact"),
    COMPRESSED(22),
    LARGE_DNODE(23),
    RAW(24, "it is raw (zfs send -w) and its dataset perhaps encrypted, so it can't be read; send it without -w"),
    ZSTD(25),
    HOLDS(26),
    SWITCH_TO_LARGE_BLOCKS(27),
    LONG_NAMES(28),
    LARGE_MICROZAP(29);

    private final int bit;
    private final String refusal;

    Feature(int bit) {
        this(bit, "");
    }

    Feature(int bit, String refusal) {
        this.bit = bit;
        this.refusal = refusal;
    }

    long mask() {
        return 1L << bit;
    }

    /** @throws StreamException NOT_SUPPORTED naming the feature */
    static Set<Feature> of(long mask) {
        long rest = mask;
        Set<Feature> features = EnumSet.noneOf(Feature.class);
        for (Feature feature : values()) {
            if ((mask & feature.mask()) != 0) {
                if (!feature.refusal.isEmpty()) {
                    throw StreamException.refused(feature.refusal);
                }
                features.add(feature);
                rest &= ~feature.mask();
            }
        }
        if (rest != 0) {
            throw StreamException.refused(
                    "it has features that aren't known here: bits 0x" + Long.toHexString(rest) + " of its header");
        }
        return features;
    }
}
