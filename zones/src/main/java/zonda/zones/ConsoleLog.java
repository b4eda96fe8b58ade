package zonda.zones;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

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
            List<String> text = parsed(end)
                    .map(ConsoleLog::shown)
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
            return parsed(Files.readAllBytes(file)).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("read " + file + ": " + e, e);
        }
    }

    /** A carriage return ends no line of the log: it is what was written. */
    private static Stream<LogLine> parsed(byte[] log) {
        return Pattern.compile("\n")
                .splitAsStream(new String(log, StandardCharsets.UTF_8))
                .flatMap(line -> LogLine.parse(line).stream());
    }

    private static String shown(LogLine line) {
        return line.text()
                .replaceAll("\u001b\\[[0-9;?]*[A-Za-z]", "")
                .replaceAll("\\p{Cntrl}", "")
                .strip();
    }
}
