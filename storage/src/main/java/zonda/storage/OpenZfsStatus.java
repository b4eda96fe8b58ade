package zonda.storage;

import java.util.List;
import java.util.Set;

/** What {@code zpool status -pP} says of the devices, zpool-status(8). */
final class OpenZfsStatus {
    private static final Set<String> MISSING = Set.of("UNAVAIL", "REMOVED", "FAULTED", "OFFLINE");
    /** Name, state, and errors of reads, writes and checksums. */
    private static final int FIELDS = 5;

    private OpenZfsStatus() {}

    /** The lines of devices in the table; mirrors and the like are lines without a path, or a number once it is lost. */
    static List<Vdev> vdevs(String status) {
        return status.lines()
                .dropWhile(line -> !line.strip().equals("config:"))
                .map(String::strip)
                .takeWhile(line -> !line.startsWith("errors:"))
                .map(line -> line.split("\\s+"))
                .filter(fields -> fields.length >= FIELDS && isDevice(fields[0]))
                .map(fields -> new Vdev(
                        fields[0],
                        MISSING.contains(fields[1]),
                        number(fields[2]),
                        number(fields[3]),
                        number(fields[4])))
                .toList();
    }

    private static boolean isDevice(String name) {
        return name.startsWith("/") || name.chars().allMatch(Character::isDigit);
    }

    private static long number(String text) {
        return text.equals("-") ? 0 : Long.parseLong(text);
    }
}
