package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.kernel.Directory;

/** Raw files go through streams of volumes, whole and by what changed. */
class VolumesIT {
    private static final Instant MADE = Instant.ofEpochSecond(1_750_000_000);

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void a_disk_and_its_changes_arrive_as_they_are(long seed) throws IOException {
        var random = new Random(seed);
        byte[] content = new byte[2 << 20];
        random.nextBytes(content);
        Arrays.fill(content, 500_000, 1_500_000, (byte) 0);
        Path from = Files.createDirectory(directory.resolve("from"));
        Path before = Files.createDirectory(directory.resolve("before"));
        Path to = Files.createDirectory(directory.resolve("to"));
        Files.write(from.resolve("disk"), content);
        ObjectMap map = send(from, 1, Optional.empty());
        Received received = receive(to, Optional.empty());
        assertThat(Files.readAllBytes(to.resolve("disk"))).isEqualTo(content);
        int full = stream.length;

        for (int guid = 2; guid < 5; guid++) {
            Files.write(before.resolve("disk"), content);
            if (guid == 4) {
                content = Arrays.copyOf(content, 3 << 20);
            }
            for (int i = 0; i < 10; i++) {
                int at = random.nextInt(content.length - 40_000);
                if (random.nextBoolean()) {
                    content[at] = (byte) random.nextInt();
                } else {
                    Arrays.fill(content, at, at + 40_000, (byte) 0);
                }
            }
            Files.write(from.resolve("disk"), content);
            try (Directory origin = Directory.open(before)) {
                map = send(from, guid, Optional.of(new SendOrigin(map, origin, "s" + (guid - 1))));
            }
            received = receive(to, Optional.of(received.map()));

            assertThat(Files.readAllBytes(to.resolve("disk"))).isEqualTo(content);
            assertThat(stream.length).as("bytes of an increment").isLessThan(full / 2);
        }
        try (var files = Files.list(to)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void a_file_that_no_volume_can_be_is_refused() throws IOException {
        Files.write(directory.resolve("disk"), new byte[1000]);

        org.assertj.core.api.Assertions.assertThatThrownBy(() -> send(directory, 1, Optional.empty()))
                .hasMessageContaining("the file disk has 1000 bytes");
    }

    private byte[] stream = new byte[0];

    private ObjectMap send(Path from, long guid, Optional<SendOrigin> origin) {
        var out = new ByteArrayOutputStream();
        try (Directory place = Directory.open(from)) {
            ObjectMap map = VolumeSender.send(
                    new VolumeReceiver.Place(place, "disk"), SendOptions.of("t/v@s" + guid, guid, MADE), origin, out);
            stream = out.toByteArray();
            return map;
        }
    }

    private Received receive(Path to, Optional<ObjectMap> origin) {
        try (var from = SendStream.open(new ByteArrayInputStream(stream));
                Directory place = Directory.open(to)) {
            from.next();
            return VolumeReceiver.receive(from, new VolumeReceiver.Place(place, "disk"), origin, ReceiveOptions.ALL);
        }
    }
}
