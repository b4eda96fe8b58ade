package zonda.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import zonda.base.StateFile;

/** The daemon's steps: which it has passed, and after which it is to end as if killed. */
final class Steps {
    private final Path directory;

    Steps(Path root) {
        try {
            directory = Files.createDirectories(root.resolve("steps"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What a daemon that is to be watched is started with. */
    Map<String, String> environment() {
        return Map.of("ZONDA_STEPS", directory.toString());
    }

    void crashAfter(String step) {
        StateFile.replace(directory.resolve("crash-after"), step);
    }

    void crashNoMore() {
        StateFile.delete(directory.resolve("crash-after"));
    }

    Set<String> passed() {
        return new LinkedHashSet<>(
                StateFile.read(directory.resolve("passed")).orElse("").lines().toList());
    }

    void forget() {
        StateFile.delete(directory.resolve("passed"));
    }
}
