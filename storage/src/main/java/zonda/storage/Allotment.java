package zonda.storage;

import java.util.Optional;
import java.util.OptionalLong;
import zonda.base.Bytes;

/**
 * What a dataset is given beside its quota: zfsprops(7).
 *
 * @param reservation space that it, its snapshots and the datasets below it are sure of together
 * @param refreservation space that the dataset itself is sure of, without snapshots and the datasets below it
 * @param filesystems the most filesystems and volumes that may be below it: {@code filesystem_limit}
 * @param snapshots the most snapshots of it and of the datasets below it: {@code snapshot_limit}
 */
public record Allotment(
        Optional<Bytes> reservation, Optional<Bytes> refreservation, OptionalLong filesystems, OptionalLong snapshots) {
    /** Nothing is sure, and nothing is limited. */
    public static final Allotment NONE =
            new Allotment(Optional.empty(), Optional.empty(), OptionalLong.empty(), OptionalLong.empty());

    public Allotment reservation(Optional<Bytes> size) {
        return new Allotment(size, refreservation, filesystems, snapshots);
    }

    public Allotment refreservation(Optional<Bytes> size) {
        return new Allotment(reservation, size, filesystems, snapshots);
    }

    public Allotment filesystems(OptionalLong limit) {
        return new Allotment(reservation, refreservation, limit, snapshots);
    }

    public Allotment snapshots(OptionalLong limit) {
        return new Allotment(reservation, refreservation, filesystems, limit);
    }

    /** What is set, for the history. */
    String text() {
        var text = new StringBuilder();
        reservation.ifPresent(size -> text.append(" reservation=").append(size.value()));
        refreservation.ifPresent(size -> text.append(" refreservation=").append(size.value()));
        filesystems.ifPresent(most -> text.append(" filesystem_limit=").append(most));
        snapshots.ifPresent(most -> text.append(" snapshot_limit=").append(most));
        return text.isEmpty() ? "no reservations, no limits" : text.substring(1);
    }

    boolean reserves() {
        return reservation.isPresent() || refreservation.isPresent();
    }
}
