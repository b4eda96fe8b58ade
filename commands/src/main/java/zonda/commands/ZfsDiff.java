package zonda.commands;

import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Datasets;
import zonda.storage.Differences;
import zonda.storage.FileChange;

/** {@code zfs diff}: names are bytes, of whatever encoding, so it writes bytes. */
final class ZfsDiff {
    static final String OPTIONS = "F H t h";

    private final List<Datasets> pools;

    ZfsDiff(List<Datasets> pools) {
        this.pools = pools;
    }

    /** What a command compares. */
    record Request(String from, String to) {
        /** @throws OpException in OpenZFS' words */
        static Request parse(List<String> words) {
            if (words.isEmpty()) {
                throw new OpException(Code.USAGE, "must provide at least one snapshot name");
            }
            if (words.size() > 2) {
                throw new OpException(Code.USAGE, "too many arguments");
            }
            String from = words.getFirst();
            if (from.indexOf('#') >= 0) {
                throw new OpException(
                        Code.INVALID, "cannot open '" + from + "': bookmark delimiter '#' is not expected here");
            }
            int at = from.indexOf('@');
            if (at <= 0) {
                throw new OpException(
                        Code.INVALID,
                        "Badly formed snapshot name " + from + ": missing '@' delimiter in snapshot name");
            }
            String dataset = from.substring(0, at);
            String to = words.size() == 1 ? dataset : words.get(1);
            return new Request(from, to.startsWith("@") ? dataset + to : to);
        }
    }

    void diff(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, OPTIONS);
        Request request = Request.parse(options.operands());
        Datasets datasets = ZfsSelection.of(pools, request.from());
        Differences.Difference found = datasets.differences().between(request.from(), request.to());
        try (OutputStream out = new BufferedOutputStream(session.outStream(), CommandServer.PIECE)) {
            for (FileChange change : found.changes()) {
                out.write(line(change, found.top().toString(), options));
            }
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "Unable to obtain diffs: " + e.getMessage(), e);
        }
    }

    private static byte[] line(FileChange change, String top, Getopt options) {
        var line = new ByteArrayOutputStream();
        if (options.has("t")) {
            Instant time = change.changed();
            add(line, String.format(Locale.ROOT, "%d.%09d\t", time.getEpochSecond(), time.getNano()));
        }
        add(
                line,
                switch (change.what()) {
                    case REMOVED -> "-\t";
                    case ADDED -> "+\t";
                    case MODIFIED -> "M\t";
                    case RENAMED -> "R\t";
                });
        if (options.has("F")) {
            add(
                    line,
                    switch (change.kind()) {
                        case FILE -> "F\t";
                        case DIRECTORY -> "/\t";
                        case SYMLINK -> "@\t";
                        case FIFO -> "|\t";
                        case SOCKET -> "=\t";
                        case CHARACTER -> "C\t";
                        case BLOCK -> "B\t";
                    });
        }
        path(line, top, change.path(), options.has("h"));
        change.renamed().ifPresent(to -> {
            add(line, options.has("H") ? "\t" : " -> ");
            path(line, top, to, options.has("h"));
        });
        if (change.what() == FileChange.What.MODIFIED && change.links() != 0) {
            add(line, String.format(Locale.ROOT, "\t(%+d)", change.links()));
        }
        line.write('\n');
        return line.toByteArray();
    }

    private static void add(ByteArrayOutputStream line, String text) {
        line.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    /** What is no visible ASCII is written in octal, unless the names shall be as they are. */
    private static void path(ByteArrayOutputStream line, String top, String path, boolean asItIs) {
        for (byte one : FileChange.bytes(top + (path.isEmpty() ? "/" : path))) {
            if (asItIs || one > ' ' && one != '\\' && one != 0x7f) {
                line.write(one);
            } else {
                add(line, String.format(Locale.ROOT, "\\%04o", one & 0xff));
            }
        }
    }
}
