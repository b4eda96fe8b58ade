package zonda.storage;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import zonda.base.Bytes;
import zonda.storage.NodeRecord.Filesystem;
import zonda.zstream.NvList;

/** Properties of datasets as they are in streams: zfs-send(8), {@code -p}. */
final class StreamedProperties {
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
        return switch (options.mountpoint()) {
            case Mountpoint.Inherited() -> list;
            case Mountpoint.At(var path) -> list.with("mountpoint", NvList.text(path.toString()));
            case Mountpoint.None() -> list.with("mountpoint", NvList.text("none"));
        };
    }

    /** As texts: of OpenZFS, a value is itself or, with its source, a list. */
    static Map<String, String> texts(NvList list) {
        Map<String, String> texts = new TreeMap<>();
        list.members().forEach((name, value) -> text(value).ifPresent(text -> texts.put(name, text)));
        return texts;
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
        return name.indexOf(':') >= 0 || name.equals("quota") || name.equals("mountpoint");
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
            default -> options.property(name, value);
        };
    }

    private static Optional<Bytes> quota(String value) {
        return value.equals("none") || value.equals("0")
                ? Optional.empty()
                : Optional.of(Bytes.of(Long.parseUnsignedLong(value)));
    }
}
