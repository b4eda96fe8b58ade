package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Loop;
import zonda.kernel.Mounts;

/** {@link VolumesContract} over btrfs, in a file; and what only a kernel can do with a volume. */
class VolumesContractIT extends VolumesContract {
    @Override
    ContractPool makePool() {
        return ScratchPool.create();
    }

    @Test
    void a_volume_that_a_process_has_open_is_busy() throws IOException {
        datasets().create("tank/v", DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.ofMiB(1), 8192)));
        datasets().snapshot("tank/v", "s");

        try (var _ = FileChannel.open(datasets().volume("tank/v"), StandardOpenOption.WRITE)) {
            for (Runnable verb : new Runnable[] {
                () -> datasets().destroy("tank/v", true), () -> datasets().rollback("tank/v@s", false)
            }) {
                assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(OpException.class, verb::run))
                        .satisfies(e -> assertThat(e.code()).isEqualTo(Code.CONFLICT))
                        .hasMessageContainingAll(
                                "'tank/v': dataset is busy",
                                "is open by process " + ProcessHandle.current().pid());
            }
        }

        datasets().destroy("tank/v", true);
        left();
    }

    @Test
    void a_volume_that_a_loop_device_is_made_of_is_busy() {
        datasets().create("tank/v", DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.ofMiB(1), 8192)));
        Path file = datasets().volume("tank/v");

        try (Loop loop = Loop.attach(file)) {
            assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(
                            OpException.class, () -> datasets().destroy("tank/v", false)))
                    .hasMessage("cannot destroy 'tank/v': dataset is busy: " + loop.device() + " is made of it");
        }

        assertThat(Await.until(Duration.ofSeconds(20), () -> Loop.find(file).isEmpty()))
                .isTrue();
        datasets().destroy("tank/v", false);
        assertThat(Mounts.list()).noneMatch(mount -> mount.root().contains("disk"));
    }
}
