package zonda.kvm;

import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where on its first PCI bus a guest finds a device. */
public record PciSlot(int device, int function) {
    /** What the board has there, or SmartOS keeps: the host's bridge, the display, NICs, and the bridge to the rest. */
    public static final Set<Integer> TAKEN = Set.of(0, 1, 6, 30, 31);

    private static final Pattern FORM = Pattern.compile("(?:(?:0:)?([0-9]{1,2}):([0-7])|([0-9]{1,2}))");
    private static final int LAST = 31;

    /** Reads {@code [0:]DEVICE[:FUNCTION]}, the bus only with a function; empty when it is anything else. */
    public static Optional<PciSlot> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        boolean alone = matcher.group(3) != null;
        int device = Integer.parseInt(alone ? matcher.group(3) : matcher.group(1));
        int function = alone ? 0 : Integer.parseInt(matcher.group(2));
        return device <= LAST ? Optional.of(new PciSlot(device, function)) : Optional.empty();
    }

    /** The options of a device of QEMU: a guest looks for further functions only where the first says that there are. */
    String options() {
        String place = ",bus=pcie.0,addr=0x" + Integer.toHexString(device) + "." + function;
        return function == 0 ? place + ",multifunction=on" : place;
    }
}
