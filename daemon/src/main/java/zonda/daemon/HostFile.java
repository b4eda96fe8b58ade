package zonda.daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Files of proc(5) and sysfs: what is not there or can't be read is empty. */
final class HostFile {
    private HostFile() {}

    static List<String> lines(Path file) {
        try {
            return Files.isReadable(file) ? List.copyOf(Files.readAllLines(file)) : List.of();
        } catch (IOException e) {
            return List.of();
        }
    }

    /** The first line. */
    static String text(Path file) {
        return lines(file).stream().findFirst().map(String::strip).orElse("");
    }

    static long number(Path file) {
        String text = text(file);
        return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : 0;
    }

    /** What follows a word, and a colon if there is one, on the first line that begins with it. */
    static Optional<String> value(Path file, String word) {
        return lines(file).stream()
                .filter(line -> line.startsWith(word))
                .map(line -> line.substring(word.length()).replaceFirst("^[\\s:]+", ""))
                .findFirst();
    }

    static List<Path> list(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }
}
