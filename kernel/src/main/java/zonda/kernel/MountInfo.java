package zonda.kernel;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One line of {@code /proc/<pid>/mountinfo}, proc_pid_mountinfo(5).
 *
 * @param id of this mount, unique while it exists
 * @param parent id of the mount it is mounted on
 * @param device {@code major:minor}, as st_dev of its files
 * @param root the directory of the filesystem that is the root of this mount
 * @param target where it is mounted, as the process sees it
 * @param options of this mount, such as {@code ro} and {@code nosuid}
 * @param propagation tags such as {@code shared:7} and {@code master:2}; none for a private mount
 * @param type of the filesystem
 * @param source what was mounted: a device, or a word
 * @param superOptions of the filesystem, which all its mounts share
 */
public record MountInfo(
        long id,
        long parent,
        String device,
        String root,
        Path target,
        List<String> options,
        List<String> propagation,
        String type,
        String source,
        List<String> superOptions) {
    public MountInfo {
        options = List.copyOf(options);
        propagation = List.copyOf(propagation);
        superOptions = List.copyOf(superOptions);
    }

    /** Reads a whole mountinfo file; lines that a later kernel may write otherwise are left out. */
    static List<MountInfo> parse(String text) {
        var mounts = new ArrayList<MountInfo>();
        text.lines().forEach(line -> parseLine(line).ifPresent(mounts::add));
        return List.copyOf(mounts);
    }

    private static Optional<MountInfo> parseLine(String line) {
        List<String> fields = List.of(line.split(" "));
        int separator = fields.indexOf("-");
        if (separator < 6 || fields.size() < separator + 4) {
            return Optional.empty();
        }
        return Optional.of(new MountInfo(
                Long.parseLong(fields.get(0)),
                Long.parseLong(fields.get(1)),
                fields.get(2),
                unescape(fields.get(3)),
                Path.of(unescape(fields.get(4))),
                List.of(fields.get(5).split(",")),
                fields.subList(6, separator),
                fields.get(separator + 1),
                unescape(fields.get(separator + 2)),
                List.of(fields.get(separator + 3).split(","))));
    }

    /** Blank, tab, newline and backslash stand there as three octal digits. */
    private static String unescape(String field) {
        if (field.indexOf('\\') < 0) {
            return field;
        }
        byte[] raw = field.getBytes(StandardCharsets.UTF_8);
        byte[] plain = new byte[raw.length];
        int length = 0;
        for (int i = 0; i < raw.length; i++) {
            if (raw[i] == '\\' && i + 3 < raw.length) {
                plain[length++] = (byte) ((raw[i + 1] - '0') << 6 | (raw[i + 2] - '0') << 3 | (raw[i + 3] - '0'));
                i += 3;
            } else {
                plain[length++] = raw[i];
            }
        }
        return new String(plain, 0, length, StandardCharsets.UTF_8);
    }
}
