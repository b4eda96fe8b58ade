package zonda.kvm;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A PCI device of the host, as lspci(8) and sysfs name it.
 *
 * @param text {@code DOMAIN:BUS:DEVICE.FUNCTION}, in small letters
 */
public record PciAddress(String text) {
    /** What {@link #parse} takes. */
    public static final String FORMS =
            "an address such as 0000:65:00.0, or a path of /sys/bus/pci/devices or /devices" + " that ends in one";

    private static final Pattern FORM = Pattern.compile(
            "(?:/sys/bus/pci/devices/|(?:/sys)?/devices/pci[0-9a-f:./]*/)?((?:[0-9a-f]{4}:)?[0-9a-f]{2}:[01][0-9a-f]\\.[0-7])");
    private static final int WITHOUT_DOMAIN = 7;

    /** Reads one of {@link #FORMS}; empty when it is anything else, as a path of illumos is. */
    public static Optional<PciAddress> parse(String path) {
        Matcher matcher = FORM.matcher(path.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String address = matcher.group(1);
        return Optional.of(new PciAddress(address.length() == WITHOUT_DOMAIN ? "0000:" + address : address));
    }

    @Override
    public String toString() {
        return text;
    }
}
