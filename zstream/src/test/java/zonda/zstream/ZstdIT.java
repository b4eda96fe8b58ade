package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.kernel.Command;

/** What zstd(1) compresses at all levels comes back: as ZFS has it, without the magic number and the checksum. */
class ZstdIT {
    private static final int HEADER = 8;

    @TempDir
    Path directory;

    @Test
    void blocks_of_all_kinds_and_levels_come_back() throws IOException {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/zstd")), "no zstd to compress with");
        var random = new Random(1);
        for (int i = 0; i < 60; i++) {
            byte[] content = content(i, random);
            Path file = directory.resolve("content");
            Files.write(file, content);
            Command.of(
                            "zstd",
                            "-q",
                            "-f",
                            "--no-check",
                            "--no-content-size",
                            "-" + (1 + i % 19),
                            file.toString(),
                            "-o",
                            directory.resolve("packed").toString())
                    .check(Duration.ofMinutes(1));
            byte[] frame = Files.readAllBytes(directory.resolve("packed"));
            byte[] stored = new byte[(HEADER + frame.length - 4 + 511) & ~511];
            Words.BIG.put32(stored, 0, frame.length - 4);
            System.arraycopy(frame, 4, stored, HEADER, frame.length - 4);
            byte[] target = new byte[content.length];

            Decompression.into(Decompression.ZSTD, stored, stored.length, target, target.length);

            assertThat(Arrays.equals(target, content)).as("block " + i).isTrue();
        }
    }

    private static byte[] content(int i, RandomGenerator random) {
        byte[] content = new byte[512 * (1 + random.nextInt(1, i % 3 == 0 ? 2000 : 256))];
        switch (i % 5) {
            case 0 -> random.nextBytes(content);
            case 1 -> {
                for (int at = 0; at < content.length; at++) {
                    content[at] = (byte) "some text of few letters\n".charAt(random.nextInt(25));
                }
            }
            case 2 -> {
                byte[] words = "the quick brown fox jumps over the lazy dog; ".getBytes();
                for (int at = 0; at < content.length; at++) {
                    content[at] = random.nextInt(50) == 0 ? (byte) random.nextInt() : words[at % words.length];
                }
            }
            case 3 -> Arrays.fill(content, (byte) 'x');
            default -> {
                for (int at = 0; at + 8 < content.length; at += 8) {
                    Words.LITTLE.put64(content, at, 1000 + at / 64 + random.nextInt(3));
                }
            }
        }
        return content;
    }
}
