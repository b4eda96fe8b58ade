package zonda.storage;

import java.util.List;
import java.util.stream.Stream;

/** What can be delegated, by the names of zfs-allow(8). All of them can be given and shown, as on OpenZFS. */
public final class PermissionNames {
    public static final String ALLOW = "allow";
    public static final String MOUNT = "mount";
    public static final String CREATE = "create";
    public static final String DESTROY = "destroy";
    public static final String USERPROP = "userprop";

    private static final List<String> SUBCOMMANDS = words("allow clone create destroy diff hold mount promote receive"
            + " release rename rollback send share snapshot bookmark load-key change-key");
    private static final List<String> OTHERS = words("groupquota groupused userprop userquota userused userobjquota"
            + " userobjused groupobjquota groupobjused projectused projectquota projectobjused projectobjquota");
    private static final List<String> PROPERTIES = words("aclinherit aclmode acltype atime canmount casesensitivity"
            + " checksum compression context copies dedup defcontext devices direct dnodesize encryption exec"
            + " filesystem_limit fscontext keyformat keylocation logbias longname mlslabel mountpoint nbmand"
            + " normalization overlay pbkdf2iters prefetch primarycache quota readonly recordsize redundant_metadata"
            + " refquota refreservation relatime reservation rootcontext secondarycache setuid sharenfs sharesmb snapdev"
            + " snapdir snapshot_limit special_small_blocks sync utf8only version volblocksize volmode volsize"
            + " volthreading vscan xattr zoned");

    private PermissionNames() {}

    private static List<String> words(String text) {
        return List.of(text.split(" "));
    }

    static boolean isKnown(String name) {
        return SUBCOMMANDS.contains(name) || OTHERS.contains(name) || PROPERTIES.contains(name);
    }

    /** Each with what kind it is. */
    public static List<List<String>> all() {
        return Stream.of(
                        SUBCOMMANDS.stream().map(name -> List.of(name, "subcommand")),
                        OTHERS.stream().map(name -> List.of(name, "other")),
                        PROPERTIES.stream().map(name -> List.of(name, "property")))
                .flatMap(rows -> rows)
                .toList();
    }
}
