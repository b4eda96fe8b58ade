package zonda.kvm;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The sizes of a disk's blocks as the guest sees them, in bytes: powers of two from 512 to 128 KiB.
 *
 * @param logical what it reads and writes by
 * @param physical what it had better read and write by, at least the other
 */
public record Sectors(int logical, int physical) {
    /** What a disk has that names none. */
    public static final Sectors USUAL = new Sectors(512, 512);

    private static final Pattern FORM = Pattern.compile("([0-9]{1,6})(?:/([0-9]{1,6}))?");
    private static final int LEAST = 512;
    private static final int MOST = 128 << 10;

    /** Reads {@code LOGICAL[/PHYSICAL]}, of which 0 is {@link #USUAL}; empty when it is anything else. */
    public static Optional<Sectors> parse(String text) {
        if (text.equals("0")) {
            return Optional.of(USUAL);
        }
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int logical = Integer.parseInt(matcher.group(1));
        int physical = matcher.group(2) == null ? logical : Integer.parseInt(matcher.group(2));
        return isSize(logical) && isSize(physical) && logical <= physical
                ? Optional.of(new Sectors(logical, physical))
                : Optional.empty();
    }

    private static boolean isSize(int bytes) {
        return Integer.bitCount(bytes) == 1 && bytes >= LEAST && bytes <= MOST;
    }

    /** The options of a device of QEMU; none when it is as usual. */
    String options() {
        return equals(USUAL) ? "" : ",logical_block_size=" + logical + ",physical_block_size=" + physical;
    }
}
