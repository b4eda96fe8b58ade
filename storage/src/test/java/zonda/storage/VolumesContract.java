package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;

/** Volumes: disks among the datasets. */
abstract class VolumesContract extends Contract {
    private void volume(String name, long size) {
        datasets().create(name, DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.of(size), 8192)));
    }

    private void write(String volume, long at, String text) {
        pool().writeTo(volume, at, text);
    }

    private String read(String volume, long at, int length) {
        return pool().readFrom(volume, at, length);
    }

    @Test
    void a_volume_is_a_sparse_disk_of_its_size_and_is_never_mounted() {
        create("tank/a");
        volume("tank/a/v", 64 << 20);

        for (Supplier<Datasets> open : nowAndReopened()) {
            Dataset made = open.get().find("tank/a/v").orElseThrow();
            assertThat(made.isVolume()).isTrue();
            assertThat(made.mountpoint()).isEmpty();
            assertThat(made.mounted()).isFalse();
            assertThat(pool().sizeOfDisk("tank/a/v")).isEqualTo(64 << 20);
            assertThat(value("tank/a/v", "referenced")).matches("[0-9]{1,8}");
        }
        assertThat(read("tank/a/v", (64 << 20) - 4, 4)).isEqualTo("\0\0\0\0");
        assertThat(datasets().properties("tank/a/v"))
                .extracting(DatasetProperty::name)
                .containsExactly(
                        "type",
                        "creation",
                        "used",
                        "available",
                        "referenced",
                        "reservation",
                        "volsize",
                        "volblocksize",
                        "compression",
                        "createtxg",
                        "refreservation",
                        "guid",
                        "usedbyrefreservation",
                        "snapshot_limit",
                        "snapshot_count");
        assertThat(value("tank/a/v", "type")).isEqualTo("volume");
        assertThat(value("tank/a/v", "volblocksize")).isEqualTo("8192");
    }

    @Test
    void a_volume_is_snapshotted_rolled_back_and_cloned_as_it_was() {
        volume("tank/v", 1 << 20);
        write("tank/v", 8192, "one");
        snapshot("tank/v@s");
        write("tank/v", 8192, "two");
        copy("tank/v@s", "tank/c");

        assertThat(read("tank/c", 8192, 3)).isEqualTo("one");
        assertThat(datasets().find("tank/c").orElseThrow().isVolume()).isTrue();
        assertThat(value("tank/v@s", "volsize")).isEqualTo("1048576");
        datasets().rollback("tank/v@s", false);
        assertThat(read("tank/v", 8192, 3)).isEqualTo("one");
        datasets().promote("tank/c");
        datasets().destroy("tank/v", false);
        pool().reopen();
        assertThat(read("tank/c", 8192, 3)).isEqualTo("one");
        left("tank/c", "tank/c@s");
    }

    @Test
    void the_size_is_changed_and_comes_back_with_a_rollback_and_for_a_clone() {
        volume("tank/v", 1 << 20);
        write("tank/v", (1 << 20) - 3, "end");
        snapshot("tank/v@s");

        datasets().setVolumeSize("tank/v", Bytes.ofMiB(2));
        assertThat(value("tank/v", "volsize")).isEqualTo("2097152");
        assertThat(read("tank/v", (1 << 20) - 3, 6)).isEqualTo("end\0\0\0");
        copy("tank/v@s", "tank/c");
        assertThat(value("tank/c", "volsize")).isEqualTo("1048576");
        datasets().setVolumeSize("tank/v", Bytes.of(8192));
        pool().reopen();
        assertThat(value("tank/v", "volsize")).isEqualTo("8192");
        datasets().rollback("tank/v@s", false);
        assertThat(value("tank/v", "volsize")).isEqualTo("1048576");
        assertThat(read("tank/v", (1 << 20) - 3, 3)).isEqualTo("end");
    }

    @ParameterizedTest
    @CsvSource({"0, 8192", "1, 8192", "12288, 8192", "1000, 512"})
    void sizes_are_whole_blocks_and_not_zero(long size, int block) {
        assertThatThrownBy(() -> new VolumeShape(Bytes.of(size), block))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'volsize'");
        volume("tank/v", 1 << 20);
        assertThatThrownBy(() -> datasets().setVolumeSize("tank/v", Bytes.of(size)))
                .isInstanceOf(OpException.class);
        assertThat(value("tank/v", "volsize")).isEqualTo("1048576");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 256, 1000, 8191, 262144, -8192})
    void block_sizes_are_powers_of_two_within_bounds(int block) {
        assertThatThrownBy(() -> new VolumeShape(Bytes.ofMiB(1), block))
                .isInstanceOf(OpException.class)
                .hasMessage("'volblocksize' must be power of 2 from 512B to 128KB");
    }

    @ParameterizedTest
    @CsvSource({"1, 8192", "8192, 8192", "8193, 16384"})
    void a_size_is_rounded_up_to_blocks(long asked, long made) {
        assertThat(VolumeShape.of(Bytes.of(asked), 8192).size()).isEqualTo(Bytes.of(made));
    }

    @Test
    void what_is_for_filesystems_is_refused_for_volumes_and_the_other_way_round() {
        create("tank/a");
        volume("tank/v", 1 << 20);

        refused(Code.INVALID, "cannot create 'tank/v/below': parent is not a filesystem", () -> create("tank/v/below"));
        refused(
                Code.INVALID,
                "cannot rename to 'tank/v/a': parent is not a filesystem",
                () -> datasets().rename("tank/a", "tank/v/a"));
        refused(
                Code.INVALID,
                "cannot open 'tank/v': operation not applicable to datasets of this type",
                () -> datasets().mount("tank/v"));
        refused(
                Code.INVALID,
                "cannot open 'tank/a': not a volume",
                () -> datasets().volume("tank/a"));
        refused(
                Code.INVALID,
                "'quota' does not apply to datasets of this type",
                () -> datasets().setQuota("tank/v", java.util.Optional.of(Bytes.ofMiB(1))));
        refused(
                Code.INVALID,
                "cannot set property for 'tank/a': 'volsize' does not apply to datasets of this type",
                () -> datasets().setVolumeSize("tank/a", Bytes.ofMiB(1)));
        snapshot("tank/v@s");
        refused(
                Code.CONFLICT,
                "cannot destroy 'tank/v': volume has children\nuse '-r' to destroy the following datasets:\ntank/v@s",
                () -> datasets().destroy("tank/v", false));
    }

    @Test
    void volumes_are_renamed_and_snapshotted_with_filesystems_and_have_user_properties() {
        create("tank/a");
        volume("tank/a/v", 1 << 20);
        datasets().snapshots(List.of("tank/a@s", "tank/a/v@s"), Map.of());
        datasets().setProperty("tank/a/v", "x:y", "z");

        datasets().rename("tank/a", "tank/b");

        left("tank/b", "tank/b@s", "tank/b/v", "tank/b/v@s");
        assertThat(value("tank/b/v", "x:y")).isEqualTo("z");
        assertThat(value("tank/b/v", "volsize")).isEqualTo("1048576");
        assertThat(value("tank/b@s", "volsize")).isEqualTo("-");
        datasets().destroy("tank/b", true);
        left();
    }
}
