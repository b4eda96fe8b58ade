package zonda.images.tar;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiConsumer;
import zonda.kernel.Errno;
import zonda.kernel.KernelException;

/** Which extended attributes of an archive a zone gets, xattr(7). */
final class Attributes {
    private Attributes() {}

    /** The user's own, access control lists, and file capabilities: of no meaning outside the zone's user namespace. */
    static Map<String, byte[]> ofZone(Map<String, byte[]> all) {
        if (all.isEmpty()) {
            return all;
        }
        var taken = new HashMap<>(all);
        taken.keySet()
                .removeIf(name -> !name.startsWith("user.")
                        && !name.equals("security.capability")
                        && !name.equals("system.posix_acl_access")
                        && !name.equals("system.posix_acl_default"));
        return taken;
    }

    /** A filesystem without such attributes does without. */
    static void set(String name, byte[] value, BiConsumer<String, byte[]> setter) {
        try {
            setter.accept(name, value);
        } catch (KernelException e) {
            if (!e.is(Errno.EOPNOTSUPP)) {
                throw e;
            }
        }
    }
}
