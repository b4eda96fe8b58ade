package zonda.storage;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import zonda.base.Bytes;
import zonda.storage.NodeRecord.Filesystem;
import zonda.zstream.NvList;

/** Properties of datasets as they are in streams: zfs-send(8), {@code -p}. */
final class StreamedProperties {
    private static final Set<String> OURS = Set.of(
            "quota",
            "mountpoint",
            "reservation",
            "refreservation",
            "filesystem_limit",
            "snapshot_limit",
            "compression");

    private StreamedProperties() {}

    /** What a dataset itself says. */
    static NvList of(Filesystem dataset) {
        DatasetOptions options = dataset.options();
        NvList list = NvList.EMPTY;
        for (var one : new TreeMap<>(options.properties()).entrySet()) {
            list = list.with(one.getKey(), NvList.text(one.getValue()));
        }
        if (options.quota().isPresent()) {
            list = list.with("quota", NvList.number(options.quota().get().value()));
        }
        if (options.tuning().compression().isPresent()) {
            String word = options.tuning().compression().get();
            list = list.with("compression", NvList.number(StreamedCompression.number(word)));
        }
        for (var one : allotted(options.allotment()).entrySet()) {
            list = list.with(one.getKey(), NvList.number(one.getValue()));
        }
        return switch (options.mountpoint()) {
            case Mountpoint.Inherited() -> list;
            case Mountpoint.At(var path) -> list.with("mountpoint", NvList.text(path.toString()));
            case Mountpoint.None() -> list.with("mountpoint", NvList.text("none"));
        };
    }

    private static Map<String, Long> allotted(Allotment given) {
        Map<String, Long> numbers = new TreeMap<>();
        given.reservation().ifPresent(size -> numbers.put("reservation", size.value()));
        given.refreservation().ifPresent(size -> numbers.put("refreservation", size.value()));
        given.filesystems().ifPresent(most -> numbers.put("filesystem_limit", most));
        given.snapshots().ifPresent(most -> numbers.put("snapshot_limit", most));
        return numbers;
    }

    /** As texts: of OpenZFS, a value is itself or, with its source, a list. */
    static Map<String, String> texts(NvList list) {
        Map<String, String> texts = new TreeMap<>();
        list.members()
                .forEach((name, value) -> text(value)
                        .flatMap(text -> name.equals("compression") ? compression(text) : Optional.of(text))
                        .ifPresent(text -> texts.put(name, text)));
        return texts;
    }

    private static Optional<String> compression(String text) {
        return text.matches("[0-9]{1,9}") ? StreamedCompression.word(Long.parseLong(text)) : Optional.of(text);
    }

    private static Optional<String> text(NvList.Value value) {
        return switch (value) {
            case NvList.Value.Text(String text) -> Optional.of(text);
            case NvList.Value.Number number -> Optional.of(Long.toUnsignedString(number.value()));
            case NvList.Value.Nested(NvList list) -> list.get("value").flatMap(StreamedProperties::text);
            default -> Optional.empty();
        };
    }

    /** Whether a property can be set here, whatever its value. */
    static boolean isKnown(String name) {
        return name.indexOf(':') >= 0 || OURS.contains(name);
    }

    /**
     * Options with a property that {@link #isKnown}.
     *
     * @param value as zfs(8) takes it, sizes in bytes
     */
    static DatasetOptions with(DatasetOptions options, String name, String value) {
        return switch (name) {
            case "quota" -> options.withQuota(quota(value));
            case "mountpoint" -> options.mountpoint(Mountpoint.parse(value));
            case "reservation" -> options.allotment(options.allotment().reservation(quota(value)));
            case "refreservation" -> options.allotment(options.allotment().refreservation(quota(value)));
            case "filesystem_limit" -> options.allotment(options.allotment().filesystems(most(value)));
            case "snapshot_limit" -> options.allotment(options.allotment().snapshots(most(value)));
            case "compression" -> options.tuning(options.tuning().compression(Optional.of(value)));
            default -> options.property(name, value);
        };
    }

    /** Without a limit, it is the greatest number there. */
    private static OptionalLong most(String value) {
        return value.equals("none") || Long.parseUnsignedLong(value) < 0
                ? OptionalLong.empty()
                : OptionalLong.of(Long.parseLong(value));
    }

    private static Optional<Bytes> quota(String value) {
        return value.equals("none") || value.equals("0")
                ? Optional.empty()
                : Optional.of(Bytes.of(Long.parseUnsignedLong(value)));
    }
}
