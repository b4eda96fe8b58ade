package zonda.zstream;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import zonda.kernel.Command;

/** What OpenZFS 2.1.11 made, unpacked. */
final class Golden {
    private Golden() {}

    /** One of the resources, whole. */
    static byte[] read(String name, Path scratch) throws IOException {
        Path packed = scratch.resolve(name + ".xz");
        try (InputStream in = Golden.class.getResourceAsStream(name + ".xz")) {
            Files.copy(in, packed, StandardCopyOption.REPLACE_EXISTING);
        }
        Command.of("xz", "-df", packed.toString()).check(Duration.ofMinutes(1));
        byte[] content = Files.readAllBytes(scratch.resolve(name));
        Files.delete(scratch.resolve(name));
        return content;
    }
}
