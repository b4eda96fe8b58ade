package zonda.network;

import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.OpException;

/** A name for a way out of the machine, nictagadm(8). */
public record NicTag(String name, Uplink uplink) {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_]{1,31}");
    private static final Pattern LINK = Pattern.compile("[^\\s/:]{1,15}");

    /** What the tag stands for. */
    public sealed interface Uplink {
        /** The link's name. */
        String link();

        /** A bridge that someone else made and keeps; only the zones' ports on it are ours. */
        record ExistingBridge(String link) implements Uplink {}

        /** A NIC without addresses, which becomes a port of a bridge of ours. */
        record PhysicalNic(String link) implements Uplink {}
    }

    public NicTag {
        if (!NAME.matcher(name).matches()) {
            throw new OpException(Code.INVALID, "nic tag name must be 1 to 31 letters, digits or _: \"" + name + "\"");
        }
        if (!LINK.matcher(uplink.link()).matches()) {
            throw new OpException(Code.INVALID, "nic tag " + name + ": not a link's name: \"" + uplink.link() + "\"");
        }
    }
}
