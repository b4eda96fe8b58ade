package zonda.storage;

import java.util.Optional;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The identity of a dataset or snapshot, never used twice in a pool; 64 bits as ZFS has it. Names change, this doesn't,
 * so files and subvolumes are named by it.
 */
record Guid(long value) {
    Guid {
        if ((value & 0xffff_ffff_ffffL) == 0) {
            throw new IllegalArgumentException("a guid has no bits set in its low 48: " + value);
        }
    }

    static Guid random(RandomGenerator source) {
        while (true) {
            long value = source.nextLong();
            if ((value & 0xffff_ffff_ffffL) != 0) {
                return new Guid(value);
            }
        }
    }

    /** Of another's making; empty when a dataset can't have it. */
    static Optional<Guid> of(long value) {
        return (value & 0xffff_ffff_ffffL) == 0 ? Optional.empty() : Optional.of(new Guid(value));
    }

    /** From 16 hexadecimal digits; empty for other text. */
    static Optional<Guid> parse(String text) {
        if (text.length() != 16 || !text.chars().allMatch(c -> Character.digit(c, 16) >= 0)) {
            return Optional.empty();
        }
        long value = Long.parseUnsignedLong(text, 16);
        return (value & 0xffff_ffff_ffffL) == 0 ? Optional.empty() : Optional.of(new Guid(value));
    }

    /** Spelled out, as is hashCode: what a record makes of itself at its first use takes a tenth of a daemon's start. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Guid guid && guid.value == value;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(value);
    }

    @Override
    public String toString() {
        return String.format("%016x", value);
    }
}
