package zonda.kvm;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a machine's firmware tries, in order: qemu(1), -boot. The letters are c for disks, d for CDs, n for the network and
 * a for floppies, which no machine has here.
 *
 * @param once tried at the machine's first boot only, before it is reset; empty when that is no other
 */
public record BootOrder(String order, String once) {
    /** Disks, then CDs. */
    public static final BootOrder USUAL = new BootOrder("cd", "");

    private static final Pattern FORM = Pattern.compile("order=([acdn]{1,4})(?:,once=([acdn]{1,4}))?");

    /** Reads {@code order=cd[,once=d]}; empty when it is anything else. */
    public static Optional<BootOrder> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        return matcher.matches()
                ? Optional.of(new BootOrder(matcher.group(1), matcher.group(2) == null ? "" : matcher.group(2)))
                : Optional.empty();
    }

    @Override
    public String toString() {
        return "order=" + order + (once.isEmpty() ? "" : ",once=" + once);
    }
}
