package zonda.zstream;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What a stream says of itself, and what of a tree it takes.
 *
 * @param toName {@code pool/dataset@snapshot}: up to 255 bytes
 * @param guid the snapshot's guid, never 0: an incremental stream on top of it will name it
 * @param created when the snapshot was made
 * @param properties of the dataset, for a receiver to set, {@code zfs send -p}: then the stream is a compound one;
 *     values are texts, or numbers for those that ZFS has as numbers
 * @param attributes which extended attributes are sent
 * @param unreadBefore a file of the same inode, size and time of change as in the origin's tree is taken for unchanged
 *     without being read when that time is before this one: right for snapshots of one subvolume, when it is some
 *     moments before the origin was made. Nobody can set that time, but within one tick of the clock it stays
 * @param isClone whether the stream makes a clone of the snapshot that it is incremental to
 * @param resume where the stream goes on that this one is the rest of
 */
public record SendOptions(
        String toName,
        long guid,
        Instant created,
        Optional<NvList> properties,
        Predicate<String> attributes,
        Optional<Instant> unreadBefore,
        boolean isClone,
        Optional<ResumePoint> resume) {

    /** What hosts keep for themselves in attributes: labels of theirs, and how files lie on a disk. */
    private static final Set<String> OF_HOSTS =
            Set.of("security.selinux", "security.ima", "security.evm", "security.SMACK64", "security.apparmor");

    public SendOptions {
        if (guid == 0) {
            throw new IllegalArgumentException("a snapshot with the guid 0");
        }
        if (toName.isEmpty() || toName.length() > 255) {
            throw new IllegalArgumentException("not the name of a snapshot: \"" + toName + "\"");
        }
    }

    /** A plain stream, with all attributes but those of the host. */
    public static SendOptions of(String toName, long guid, Instant created) {
        return new SendOptions(
                toName,
                guid,
                created,
                Optional.empty(),
                SendOptions::isOfFile,
                Optional.empty(),
                false,
                Optional.empty());
    }

    /** Whether an attribute is the file's own, and nothing of the host's. */
    public static boolean isOfFile(String attribute) {
        return !attribute.startsWith("btrfs.") && !attribute.startsWith("trusted.") && !OF_HOSTS.contains(attribute);
    }

    public SendOptions withProperties(NvList values) {
        return new SendOptions(toName, guid, created, Optional.of(values), attributes, unreadBefore, isClone, resume);
    }

    public SendOptions unreadBefore(Instant time) {
        return new SendOptions(toName, guid, created, properties, attributes, Optional.of(time), isClone, resume);
    }

    public SendOptions ofClone() {
        return new SendOptions(toName, guid, created, properties, attributes, unreadBefore, true, resume);
    }

    public SendOptions resumedAt(ResumePoint point) {
        return new SendOptions(
                toName, guid, created, properties, attributes, unreadBefore, isClone, Optional.of(point));
    }

    /** What precedes the snapshot in a compound stream, as libzfs reads it. @param fromName of an incremental one */
    NvList compound(Optional<String> fromName) {
        int at = toName.indexOf('@');
        String snapshot = toName.substring(at + 1);
        NvList dataset = NvList.EMPTY
                .with("name", NvList.text(at < 0 ? toName : toName.substring(0, at)))
                .with("parentfromsnap", NvList.number(0))
                .with("props", NvList.nested(properties.orElse(NvList.EMPTY)))
                .with("snaps", NvList.nested(NvList.EMPTY.with(snapshot, NvList.number(guid))))
                .with("snapprops", NvList.nested(NvList.EMPTY.with(snapshot, NvList.nested(NvList.EMPTY))));
        NvList all = NvList.EMPTY;
        if (fromName.isPresent()) {
            all = all.with("fromsnap", NvList.text(fromName.get()));
        }
        return all.with("tosnap", NvList.text(snapshot))
                .with("not_recursive", new NvList.Value.Flag())
                .with("fss", NvList.nested(NvList.EMPTY.with("0x" + Long.toHexString(guid), NvList.nested(dataset))));
    }
}
