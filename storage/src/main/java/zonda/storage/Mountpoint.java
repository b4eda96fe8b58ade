package zonda.storage;

import java.nio.file.Path;
import zonda.base.Code;
import zonda.base.OpException;

/** Where a dataset says it is mounted: the property {@code mountpoint} of zfsprops(7). */
public sealed interface Mountpoint {
    /** Below the parent's mountpoint, under the dataset's last name. */
    record Inherited() implements Mountpoint {}

    /** At a path of its own; its children follow it. */
    record At(Path path) implements Mountpoint {
        public At {
            if (!path.isAbsolute() || !path.equals(path.normalize()) || path.getNameCount() == 0) {
                throw new OpException(Code.INVALID, "'" + path + "': a mountpoint is an absolute path, or none");
            }
        }
    }

    /** Nowhere, and so for the children that inherit. */
    record None() implements Mountpoint {}

    /** Reads the property's value: a path, {@code none} or {@code legacy}; the two are one here. */
    static Mountpoint parse(String text) {
        return switch (text) {
            case "none", "legacy" -> new None();
            default -> new At(Path.of(text));
        };
    }
}
