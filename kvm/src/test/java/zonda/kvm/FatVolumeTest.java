package zonda.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.OpException;
import zonda.kernel.Command;

class FatVolumeTest {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private static String run(String... words) {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/" + words[0])), "needs " + words[0]);
        return Command.of(words).check(LIMIT);
    }

    @Test
    void its_files_are_what_other_programs_read_from_it() throws IOException {
        byte[] large = new byte[3_000_001];
        new Random(7).nextBytes(large);
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("meta-data", "{\"instance-id\": \"x\"}".getBytes(StandardCharsets.UTF_8));
        files.put("empty", new byte[0]);
        files.put("network-config", "version: 2\n".getBytes(StandardCharsets.UTF_8));
        files.put("a-name-of-26-letters-abcde", large);
        Path disk = Files.write(directory.resolve("disk"), FatVolume.of("CIDATA", files));

        assertThat(run("mdir", "-b", "-i", disk.toString(), "::").lines())
                .containsExactly("::/meta-data", "::/empty", "::/network-config", "::/a-name-of-26-letters-abcde");
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            Path copy = directory.resolve("copy");
            run("mcopy", "-o", "-i", disk.toString(), "::" + file.getKey(), copy.toString());
            assertThat(Files.readAllBytes(copy)).as(file.getKey()).isEqualTo(file.getValue());
        }
        assertThat(run("mlabel", "-s", "-i", disk.toString(), "::")).contains("Volume label is CIDATA");
    }

    @Test
    void what_does_not_fit_is_refused_by_name() {
        assertThatThrownBy(() -> FatVolume.of("CIDATA", Map.of("user-data", new byte[17 << 20])))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("user-data")
                .hasMessageContaining("do not fit");
    }
}
