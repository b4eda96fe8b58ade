package zonda.dtrace;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import zonda.base.StateFile;

/**
 * What the kernel was found to do, or not to, where the only way to know is to try. It is kept in a file for as long as the
 * kernel runs, by its boot_id of random(4), so that a daemon tries once for each boot and not for each session. From any
 * thread.
 */
public final class KernelFeatures {
    private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");
    private static final String TOGETHER = "kprobe-multi";

    private final Optional<Path> file;
    private final String boot;
    private final Map<String, Boolean> known = new TreeMap<>();
    private boolean read;

    KernelFeatures(Optional<Path> file, String boot) {
        this.file = file;
        this.boot = boot;
    }

    /** @param file where they are kept: in a directory that is there when the first is found */
    public static KernelFeatures in(Path file) {
        return new KernelFeatures(Optional.of(file), StateFile.read(BOOT).orElse(""));
    }

    /** Kept in memory only. */
    static KernelFeatures unkept() {
        return new KernelFeatures(Optional.empty(), "");
    }

    /** Whether one call attaches a program to many functions; empty when nobody has tried. */
    Optional<Boolean> attachesTogether() {
        return get(TOGETHER);
    }

    void attachesTogether(boolean does) {
        put(TOGETHER, does);
    }

    private synchronized Optional<Boolean> get(String feature) {
        if (!read) {
            read = true;
            file.flatMap(StateFile::read).ifPresent(this::parse);
        }
        return Optional.ofNullable(known.get(feature));
    }

    /** The boot's id, and a line for each: its name, a blank, and whether it is there. */
    private void parse(String text) {
        String[] lines = text.split("\n");
        if (!lines[0].equals(boot.strip())) {
            return;
        }
        Arrays.stream(lines)
                .skip(1)
                .map(line -> line.split(" "))
                .filter(words -> words.length == 2)
                .forEach(words -> known.putIfAbsent(words[0], Boolean.valueOf(words[1])));
    }

    private synchronized void put(String feature, boolean is) {
        if (get(feature).equals(Optional.of(is))) {
            return;
        }
        known.put(feature, is);
        file.ifPresent(path -> StateFile.replaceVolatile(
                path,
                boot.strip() + "\n"
                        + known.entrySet().stream()
                                .map(one -> one.getKey() + " " + one.getValue() + "\n")
                                .collect(Collectors.joining())));
    }
}
