package zonda.zstream;

import java.util.function.Predicate;
import zonda.base.Bytes;

/**
 * What of a stream is restored, and with how much memory.
 *
 * @param deviceNodes whether character and block devices are made; the map keeps them also when not
 * @param attributes which extended attributes are set, by the names that Linux has for them; the map keeps all
 * @param memory how much directories, attributes and what is known of each file may take
 */
public record ReceiveOptions(boolean deviceNodes, Predicate<String> attributes, Bytes memory) {
    /** Metadata of several hundred thousand files, and never so much that the process has too little for others. */
    private static final Bytes MEMORY =
            Bytes.of(Math.min(Bytes.ofMiB(512).value(), Runtime.getRuntime().maxMemory() / 6));

    /** All that there is. */
    public static final ReceiveOptions ALL = new ReceiveOptions(true, _ -> true, MEMORY);

    /** What means something inside a zone: no devices, and no attributes of the host's. */
    public static final ReceiveOptions OF_ZONE = new ReceiveOptions(
            false,
            name -> name.startsWith("user.")
                    || name.equals("security.capability")
                    || name.equals("system.posix_acl_access")
                    || name.equals("system.posix_acl_default"),
            MEMORY);
}
