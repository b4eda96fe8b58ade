package zonda.dtrace.provider;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Names of code that a process has made itself, as compilers of languages like Java do. By a convention of perf(1) they
 * are in /tmp/perf-PID.map: a line for each piece, with its address, its length and its name. A JVM writes one when it is
 * asked to by {@code jcmd PID Compiler.perfmap}.
 */
public final class PerfMap {
    /** Larger ones are not read: a process writes what it likes there. */
    private static final long LARGEST = 64L << 20;

    /** That of a process which made no code. */
    public static final PerfMap NONE = new PerfMap();

    private record Piece(long length, String name) {}

    private final TreeMap<Long, Piece> pieces = new TreeMap<>(Long::compareUnsigned);

    private PerfMap() {}

    /** That of a process; one without a name when it has none. */
    public static PerfMap of(long process) {
        Path file = Path.of("/proc/" + process + "/root/tmp/perf-" + ownNumber(process) + ".map");
        try {
            if (Files.isRegularFile(file) && Files.size(file) <= LARGEST) {
                try (BufferedReader in = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
                    return read(in);
                }
            }
        } catch (IOException e) {
            // It goes as its process does, and then addresses are all there is.
        }
        return NONE;
    }

    static PerfMap read(BufferedReader in) throws IOException {
        var map = new PerfMap();
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            map.add(line);
        }
        return map;
    }

    private void add(String line) {
        String[] parts = line.split(" ", 3);
        try {
            if (parts.length == 3) {
                long start = Long.parseUnsignedLong(parts[0].replaceFirst("^0x", ""), 16);
                pieces.put(start, new Piece(Long.parseUnsignedLong(parts[1].replaceFirst("^0x", ""), 16), parts[2]));
            }
        } catch (NumberFormatException e) {
            // A line that is being written, or none of ours.
        }
    }

    /** The number that the process has in its own PID namespace. */
    private static String ownNumber(long process) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + process + "/status"))) {
                if (line.startsWith("NSpid:")) {
                    return line.substring(line.lastIndexOf('\t') + 1);
                }
            }
        } catch (IOException e) {
            // It has ended.
        }
        return Long.toString(process);
    }

    /** What the code at an address is called. */
    public Optional<String> name(long address) {
        var entry = pieces.floorEntry(address);
        return entry == null
                        || Long.compareUnsigned(
                                        address - entry.getKey(),
                                        entry.getValue().length())
                                >= 0
                ? Optional.empty()
                : Optional.of(entry.getValue().name());
    }
}
