package zonda.storage;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where a stream goes, and how: zfs-receive(8).
 *
 * @param target a dataset's full name, or a snapshot's
 * @param naming what of the sender's names follows the target
 * @param force whether the target's own changes since its last snapshot, and what the sender hasn't, may go: {@code -F}
 * @param mount whether new datasets are mounted; not with {@code -u}
 * @param resumable whether what came stays when the rest doesn't come: {@code -s}
 * @param dryRun whether only to say what would be received: {@code -n}
 * @param set properties by their names, instead of those in the stream: {@code -o}
 * @param excluded properties that aren't taken from the stream: {@code -x}
 * @param origin the full name of the snapshot that a clone comes of: {@code -o origin=}
 */
public record ReceiveRequest(
        String target,
        Naming naming,
        boolean force,
        boolean mount,
        boolean resumable,
        boolean dryRun,
        Map<String, String> set,
        Set<String> excluded,
        Optional<String> origin) {
    /** What of the sender's names follows the target. */
    public enum Naming {
        /** Nothing: the target is the dataset. */
        AS_TARGET,
        /** All but the sender's pool: {@code -d}. */
        WITHOUT_POOL,
        /** The last part: {@code -e}. */
        LAST
    }

    public ReceiveRequest {
        set = Map.copyOf(set);
        excluded = Set.copyOf(excluded);
    }

    /** Into a dataset of this name, without further ado. */
    public static ReceiveRequest into(String target) {
        return new ReceiveRequest(
                target, Naming.AS_TARGET, false, true, false, false, Map.of(), Set.of(), Optional.empty());
    }

    public ReceiveRequest forced() {
        return new ReceiveRequest(target, naming, true, mount, resumable, dryRun, set, excluded, origin);
    }

    public ReceiveRequest keepingWhatCame() {
        return new ReceiveRequest(target, naming, force, mount, true, dryRun, set, excluded, origin);
    }

    public ReceiveRequest naming(Naming other) {
        return new ReceiveRequest(target, other, force, mount, resumable, dryRun, set, excluded, origin);
    }

    public ReceiveRequest properties(Map<String, String> other, Set<String> without) {
        return new ReceiveRequest(target, naming, force, mount, resumable, dryRun, other, without, origin);
    }

    public ReceiveRequest origin(String snapshot) {
        return new ReceiveRequest(
                target, naming, force, mount, resumable, dryRun, set, excluded, Optional.of(snapshot));
    }
}
