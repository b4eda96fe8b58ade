package zonda.storage;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import zonda.base.Bytes;

/** How much each subvolume refers to, as far as that was asked for: measuring reads a whole tree. */
final class Measurements {
    /** @param generation of the subvolume when it was measured; it changes with the subvolume */
    private record Measured(long generation, Bytes referenced) {}

    private final Map<Path, Measured> known = new ConcurrentHashMap<>();

    /** What is known of this generation; else it is measured, once for all who ask at the same time. */
    Bytes of(Path subvolume, long generation, Supplier<Bytes> measure) {
        Bytes found = known.compute(
                        subvolume,
                        (_, old) -> old != null && old.generation() == generation
                                ? old
                                : new Measured(generation, measure.get()))
                .referenced();
        if (Files.notExists(subvolume, LinkOption.NOFOLLOW_LINKS)) {
            // It was destroyed meanwhile: whoever did that has forgotten it before it was known.
            forget(subvolume);
        }
        return found;
    }

    /** Of a snapshot, which never changes, what is known of it, without a look at it. */
    Optional<Bytes> ofSnapshot(Path subvolume) {
        return Optional.ofNullable(known.get(subvolume)).map(Measured::referenced);
    }

    /** The subvolume is gone, or another one has its place. */
    void forget(Path subvolume) {
        known.remove(subvolume);
    }

    int size() {
        return known.size();
    }
}
