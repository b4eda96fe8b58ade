package zonda.storage;

import java.util.OptionalLong;
import zonda.base.Bytes;

/**
 * A property of a dataset or snapshot, zfsprops(7).
 *
 * @param name as {@code zfs get} takes it
 */
public record DatasetProperty(String name, Value value, Source source) {
    /** What it is; how that is printed is the command's affair. */
    public sealed interface Value {
        record Text(String text) implements Value {}

        /** Seconds since 1970. */
        record Time(long seconds) implements Value {}

        record Size(Bytes bytes) implements Value {}

        /** A number that is no size. */
        record Count(long number) implements Value {}

        /** How many there may be, or are; empty for no limit, or when nobody counts. */
        record Many(OptionalLong number) implements Value {}

        /** A limit that isn't set. */
        record NoLimit() implements Value {}
    }

    /** Where a value comes from. */
    public sealed interface Source {
        /** It isn't set by anyone: it is what the dataset is. */
        record None() implements Source {}

        record Default() implements Source {}

        record Local() implements Source {}

        /** @param from the dataset that has it */
        record Inherited(String from) implements Source {}

        /** As the column SOURCE has it. */
        default String label() {
            return switch (this) {
                case None() -> "-";
                case Default() -> "default";
                case Local() -> "local";
                case Inherited(String from) -> "inherited from " + from;
            };
        }
    }
}
