package zonda.commands;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import zonda.base.Code;
import zonda.base.OpException;

/** The names of properties in -o, -s, -S and {@code zfs get}, and how their columns are headed. */
final class ZfsPropertyNames {
    private static final Map<String, String> SHORT = Map.of(
            "compress",
            "compression",
            "avail",
            "available",
            "refer",
            "referenced",
            "volblock",
            "volblocksize",
            "reserv",
            "reservation",
            "refreserv",
            "refreservation",
            "usedrefreserv",
            "usedbyrefreservation");
    private static final Map<String, String> HEADERS = Map.ofEntries(
            Map.entry("available", "AVAIL"),
            Map.entry("referenced", "REFER"),
            Map.entry("reservation", "RESERV"),
            Map.entry("refreservation", "REFRESERV"),
            Map.entry("usedbyrefreservation", "USEDREFRESERV"),
            Map.entry("filesystem_limit", "FSLIMIT"),
            Map.entry("snapshot_limit", "SSLIMIT"),
            Map.entry("filesystem_count", "FSCOUNT"),
            Map.entry("snapshot_count", "SSCOUNT"),
            Map.entry("compression", "COMPRESS"),
            Map.entry("receive_resume_token", "RESUMETOK"));
    private static final Set<String> RIGHT = Set.of(
            "used",
            "available",
            "referenced",
            "quota",
            "reservation",
            "refreservation",
            "usedbyrefreservation",
            "filesystem_limit",
            "snapshot_limit",
            "filesystem_count",
            "snapshot_count",
            "size",
            "allocated",
            "free",
            "capacity",
            "userrefs",
            "createtxg");
    private static final Set<String> KNOWN = Set.of(
            "name",
            "type",
            "creation",
            "used",
            "available",
            "referenced",
            "mounted",
            "origin",
            "quota",
            "reservation",
            "refreservation",
            "usedbyrefreservation",
            "filesystem_limit",
            "snapshot_limit",
            "filesystem_count",
            "snapshot_count",
            "volsize",
            "volblocksize",
            "mountpoint",
            "compression",
            "createtxg",
            "guid",
            "receive_resume_token",
            "defer_destroy",
            "userrefs",
            "clones");
    /** Properties of ZFS that datasets have nothing for here; zfsprops(7). */
    private static final Set<String> OF_ZFS_ONLY =
            Set.of(("space compressratio refcompressratio refquota recordsize sharenfs checksum"
                            + " atime devices exec setuid readonly zoned snapdir aclmode aclinherit"
                            + " canmount xattr copies version utf8only normalization casesensitivity vscan nbmand"
                            + " sharesmb primarycache secondarycache usedbysnapshots usedbydataset usedbychildren"
                            + " logbias objsetid dedup mlslabel sync dnodesize volmode"
                            + " snapdev"
                            + " acltype context fscontext defcontext rootcontext relatime redundant_metadata overlay"
                            + " encryption keylocation keyformat pbkdf2iters special_small_blocks written"
                            + " logicalused logicalreferenced snapshots_changed prefetch")
                    .split(" "));

    private ZfsPropertyNames() {}

    /** The property that a word means. */
    static String of(String word) {
        return SHORT.getOrDefault(word, word);
    }

    static String header(String property) {
        return HEADERS.getOrDefault(property, property.toUpperCase(Locale.ROOT));
    }

    static boolean isRightAligned(String property) {
        return RIGHT.contains(property);
    }

    /**
     * Reads {@code name,used,...}.
     *
     * @param driver what the drivers of the pools that are asked are called, for what they have nothing for
     * @throws OpException USAGE naming what is none
     */
    static List<String> list(String words, String driver) {
        List<String> names =
                Arrays.stream(words.split(",", -1)).map(ZfsPropertyNames::of).toList();
        for (String name : names) {
            if (OF_ZFS_ONLY.contains(name)) {
                throw new OpException(
                        Code.USAGE, "bad property list: '" + name + "' is not supported by the driver " + driver);
            }
            if (!KNOWN.contains(name) && name.indexOf(':') < 0) {
                throw new OpException(Code.USAGE, "bad property list: invalid property '" + name + "'");
            }
        }
        return names;
    }
}
