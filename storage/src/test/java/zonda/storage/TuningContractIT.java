package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import zonda.base.Bytes;

/** {@link TuningContract} over btrfs, in a file. */
class TuningContractIT extends TuningContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }

    @Test
    void what_is_written_to_directories_that_were_there_is_compressed_and_what_was_written_before_is_not()
            throws IOException {
        create("tank/a");
        Path deep = Files.createDirectories(datasets().mount("tank/a").resolve("x/y/z"));
        Files.createSymbolicLink(deep.resolve("out"), datasets().mount("tank"));
        byte[] much = "the same words again\n".repeat(200_000).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        Files.write(deep.resolve("before"), much);
        ((ScratchPool) pool()).sync();
        long before = datasets().usage("tank/a").used().value();

        datasets().setTuning("tank/a", old -> old.compression(Optional.of("lz4")));
        Files.write(deep.resolve("after"), much);
        Files.write(Files.createDirectory(deep.resolve("new")).resolve("after"), much);
        ((ScratchPool) pool()).sync();

        assertThat(before).isGreaterThan(much.length);
        assertThat(datasets().usage("tank/a").used().value() - before).isLessThan(much.length / 4);
        assertThat(BtrfsCompression.of(deep)).hasValue("lzo");
        assertThat(isCompressedAtAll(datasets().mount("tank"))).isFalse();
        assertThat(Files.readAllBytes(deep.resolve("after"))).isEqualTo(much);
    }

    private static boolean isCompressedAtAll(Path directory) {
        return BtrfsCompression.of(directory).isPresent();
    }

    @Test
    void a_volume_is_compressed_as_it_is_written_to() {
        var shape = new VolumeShape(Bytes.ofMiB(16), 8192);
        datasets()
                .create(
                        "tank/v",
                        DatasetOptions.DEFAULT.volume(shape).tuning(Tuning.NONE.compression(Optional.of("zstd"))));
        ((ScratchPool) pool()).sync();
        long empty = datasets().usage("tank/v").used().value();

        pool().writeTo("tank/v", 0, "x".repeat(8 << 20));
        ((ScratchPool) pool()).sync();

        assertThat(datasets().usage("tank/v").used().value() - empty).isLessThan(4 << 20);
        assertThat(pool().readFrom("tank/v", 5 << 20, 3)).isEqualTo("xxx");
    }
}
