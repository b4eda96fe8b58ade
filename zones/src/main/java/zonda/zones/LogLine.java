package zonda.zones;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import zonda.base.Json;

/**
 * A line, or a piece of one, that a zone's first process and its children wrote.
 *
 * @param stream stdout or stderr; all of a console is stdout
 * @param text with its line's end, if it has come to that
 */
public record LogLine(Instant when, String stream, String text) {
    /** A line of conmon's log: time, stream, P or F for part or full, what was written. Empty for what is none. */
    static Optional<LogLine> parse(String line) {
        String[] fields = line.split(" ", 4);
        if (fields.length < 3 || !fields[2].matches("[PF]")) {
            return Optional.empty();
        }
        String end = fields[2].equals("F") ? "\n" : "";
        try {
            Instant when = OffsetDateTime.parse(fields[0]).toInstant();
            return Optional.of(new LogLine(when, fields[1], (fields.length == 4 ? fields[3] : "") + end));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    /** As docker's json-file driver writes it, and SmartOS in logs/stdio.log. */
    public Json.Obj json() {
        return Json.object()
                .with("log", text)
                .with("stream", stream)
                .with("time", when.truncatedTo(ChronoUnit.MICROS).toString());
    }
}
