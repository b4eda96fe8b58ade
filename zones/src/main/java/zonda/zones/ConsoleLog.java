package zonda.zones;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** conmon's log of a console: lines of time, stream, P or F for part or full, and what was written. */
final class ConsoleLog {
    private static final int LOOKED_AT = 64 * 1024;

    private ConsoleLog() {}

    /** The last lines, without what only a terminal understands; none when there is no log. */
    static List<String> tail(Path file, int lines) {
        if (!Files.exists(file)) {
            return List.of();
        }
        try (var log = new RandomAccessFile(file.toFile(), "r")) {
            long start = Math.max(0, log.length() - LOOKED_AT);
            byte[] end = new byte[(int) (log.length() - start)];
            log.seek(start);
            log.readFully(end);
            List<String> text = new String(end, StandardCharsets.UTF_8)
                    .lines()
                    .map(ConsoleLog::written)
                    .filter(line -> !line.isBlank())
                    .toList();
            return text.subList(Math.max(0, text.size() - lines), text.size());
        } catch (IOException e) {
            return List.of("(the console log can't be read: " + e.getMessage() + ")");
        }
    }

    /** All that is kept; none when there is no log. */
    static List<LogLine> read(Path file) {
        if (!Files.exists(file)) {
            return List.of();
        }
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                    .lines()
                    .flatMap(line -> LogLine.parse(line).stream())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("read " + file + ": " + e, e);
        }
    }

    private static String written(String line) {
        String[] fields = line.split(" ", 4);
        String text = fields.length == 4 ? fields[3] : line;
        return text.replaceAll("\u001b\\[[0-9;?]*[A-Za-z]", "")
                .replaceAll("\\p{Cntrl}", "")
                .strip();
    }
}
