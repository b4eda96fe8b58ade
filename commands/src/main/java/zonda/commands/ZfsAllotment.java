package zonda.commands;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Allotment;
import zonda.storage.VolumeShape;

/** Properties that say how much a dataset is sure of, and how many may be below it, as words: zfsprops(7). */
final class ZfsAllotment {
    private static final Set<String> PROPERTIES =
            Set.of("reservation", "refreservation", "filesystem_limit", "snapshot_limit");

    private ZfsAllotment() {}

    static boolean has(String property) {
        return PROPERTIES.contains(property);
    }

    /**
     * An allotment with one property as asked for.
     *
     * @param volume what {@code refreservation=auto} is about; empty for a filesystem
     * @throws OpException INVALID for a value that makes no sense
     */
    static Allotment with(Allotment old, ZfsChanging.Assignment set, Optional<VolumeShape> volume) {
        return switch (set.property()) {
            case "reservation" -> old.reservation(set.limit());
            case "refreservation" -> old.refreservation(set.value().equals("auto") ? whole(volume) : set.limit());
            case "filesystem_limit" -> old.filesystems(number(set.value()));
            case "snapshot_limit" -> old.snapshots(number(set.value()));
            default -> throw new IllegalArgumentException(set.property());
        };
    }

    private static Optional<Bytes> whole(Optional<VolumeShape> volume) {
        return Optional.of(volume.orElseThrow(
                        () -> new OpException(Code.INVALID, "'refreservation=auto' does not apply to filesystems"))
                .reservation());
    }

    private static OptionalLong number(String value) {
        return value.equals("none")
                ? OptionalLong.empty()
                : OptionalLong.of(ZfsNumbers.parse(value).value());
    }
}
