package zonda.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The documents of the checkout that this build is of. */
final class Documents {
    private Documents() {}

    /** The checkout's top: where the build's own program is. */
    static Path top() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve("mvnw"))) {
            directory = directory.getParent();
            if (directory == null) {
                throw new AssertionError("run from outside of a checkout");
            }
        }
        return directory;
    }

    /** Those in Markdown. */
    static List<Path> all() {
        Path top = top();
        try (Stream<Path> pages = Files.list(top.resolve("docs"));
                Stream<Path> more = Files.list(top)) {
            return Stream.concat(more, pages)
                    .filter(file -> file.toString().endsWith(".md"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(Path document) {
        try {
            return Files.readString(document);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
