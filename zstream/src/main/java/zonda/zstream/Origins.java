package zonda.zstream;

import java.util.Optional;

/** Whether a stream fits to what it is to be received on top of. */
final class Origins {
    private Origins() {}

    /** For who wants all of it at once. */
    static void checkWhole(StreamHeader header, Optional<ObjectMap> origin) {
        if (header.resume().isPresent()) {
            throw StreamException.refused(
                    "it is the rest of a receive that was interrupted (zfs send -t), and nothing of it came here before;"
                            + " send it whole");
        }
        check(header, origin);
    }

    static void check(StreamHeader header, Optional<ObjectMap> origin) {
        if (!header.isIncremental()) {
            if (origin.isPresent()) {
                throw StreamException.conflict(
                        header.toName() + " is a full stream, and can't be received on top of a snapshot");
            }
            return;
        }
        String wanted = Long.toUnsignedString(header.fromGuid());
        ObjectMap map = origin.orElseThrow(() -> StreamException.conflict(
                header.toName() + " is incremental to the snapshot with the guid " + wanted + ", which isn't given"));
        if (map.guid() != header.fromGuid() || map.kind() != header.kind()) {
            throw StreamException.conflict(header.toName() + " is incremental to the snapshot with the guid " + wanted
                    + ", and what it would be received on top of is the "
                    + map.kind().label() + " "
                    + Long.toUnsignedString(map.guid()));
        }
    }
}
