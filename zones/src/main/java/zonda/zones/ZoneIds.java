package zonda.zones;

import java.nio.file.Path;
import zonda.base.StateFile;

/** Numbers for zones that boot: each is used once in the host's life, as on illumos. Any thread may ask. */
final class ZoneIds {
    private final Path file;

    ZoneIds(Path file) {
        this.file = file;
    }

    synchronized int next() {
        int last =
                StateFile.read(file).map(String::strip).map(Integer::parseInt).orElse(0);
        StateFile.replaceVolatile(file, String.valueOf(last + 1));
        return last + 1;
    }
}
