package zonda.storage;

import zonda.storage.NodeRecord.Frozen;
import zonda.zstream.ResumeToken;

/**
 * What came of a snapshot whose receive was cut short, or goes on: {@code zfs receive -s}. The place where it is received
 * has a snapshot of its own of each state that can be gone on from; there is one at any time, the newest.
 *
 * @param snapshot that is to be; it counts when its own subvolume is there
 * @param kept by which the place's snapshot is known
 * @param token what the sender needs for the rest
 */
record Partial(Frozen snapshot, Guid kept, ResumeToken token) {
    Guid place() {
        return snapshot.home();
    }

    SnapshotId state() {
        return new SnapshotId(place(), kept);
    }

    /** Whether its dataset was made for it. */
    boolean intoNew() {
        return snapshot.notes().arrival() == SnapshotNotes.Arrival.RESUMABLE_INTO_NEW;
    }

    /** The directory of its files, beside what is restored. */
    static String directory(Frozen snapshot) {
        return ".zonda-receive-" + snapshot.guid();
    }
}
