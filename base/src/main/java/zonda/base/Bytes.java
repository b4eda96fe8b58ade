package zonda.base;

import java.util.Locale;

/** An amount of storage or memory, in bytes, never negative. */
public record Bytes(long value) implements Comparable<Bytes> {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};

    public Bytes {
        if (value < 0) {
            throw new IllegalArgumentException("negative size: " + value);
        }
    }

    public static Bytes of(long bytes) {
        return new Bytes(bytes);
    }

    public static Bytes ofMiB(long mib) {
        return new Bytes(Math.multiplyExact(mib, 1L << 20));
    }

    public static Bytes ofGiB(long gib) {
        return new Bytes(Math.multiplyExact(gib, 1L << 30));
    }

    public long toMiB() {
        return value >> 20;
    }

    /** As people read it: {@code 512 B}, {@code 1.5 GiB}. */
    public String human() {
        double amount = value;
        int unit = 0;
        while (amount >= 1024 && unit < UNITS.length - 1) {
            amount /= 1024;
            unit++;
        }
        return unit == 0 ? value + " B" : String.format(Locale.ROOT, "%.1f %s", amount, UNITS[unit]);
    }

    @Override
    public int compareTo(Bytes other) {
        return Long.compare(value, other.value);
    }

    @Override
    public String toString() {
        return human();
    }
}
