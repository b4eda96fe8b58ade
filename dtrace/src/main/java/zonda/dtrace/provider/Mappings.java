package zonda.dtrace.provider;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Which files a process has mapped as code: /proc/PID/maps, proc(5). */
public record Mappings(List<Mapping> all) {
    public Mappings {
        all = List.copyOf(all);
    }

    /** @param path as the process sees it, or a name in brackets, or empty */
    public record Mapping(long start, long end, long offset, String path) {
        /** The name of the object, as probes and stacks have it. */
        public String module() {
            return path.substring(path.lastIndexOf('/') + 1);
        }

        public boolean isFile() {
            return path.startsWith("/");
        }
    }

    /** Empty when there is no such process. */
    public static Optional<Mappings> of(long process) {
        Path file = Path.of("/proc/" + process + "/maps");
        var mappings = new ArrayList<Mapping>();
        try {
            for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
                String[] words = line.split(" +", 6);
                if (words[1].charAt(2) == 'x') {
                    int dash = words[0].indexOf('-');
                    mappings.add(new Mapping(
                            Long.parseUnsignedLong(words[0].substring(0, dash), 16),
                            Long.parseUnsignedLong(words[0].substring(dash + 1), 16),
                            Long.parseLong(words[2], 16),
                            words.length > 5 ? words[5] : ""));
                }
            }
            return Optional.of(new Mappings(mappings));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    public Optional<Mapping> at(long address) {
        return all.stream()
                .filter(mapping -> Long.compareUnsigned(address, mapping.start()) >= 0
                        && Long.compareUnsigned(address, mapping.end()) < 0)
                .findFirst();
    }
}
