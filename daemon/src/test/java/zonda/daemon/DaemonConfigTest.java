package zonda.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.OpException;
import zonda.storage.PoolConfig;

class DaemonConfigTest {
    @TempDir
    private Path root;

    private DaemonConfig read(String text) throws IOException {
        Files.createDirectories(root.resolve("etc/zonda"));
        Files.writeString(root.resolve("etc/zonda/zondad.json"), text);
        return DaemonConfig.read(root);
    }

    @Test
    void without_a_file_everything_has_its_default() {
        DaemonConfig config = DaemonConfig.read(root);

        assertThat(config.prefix()).isEqualTo("z");
        assertThat(config.idBase()).isEqualTo(16 * 65536);
        assertThat(config.pool().name()).isEqualTo("zones");
        assertThat(config.pool().driver()).isEmpty();
    }

    @Test
    void the_driver_of_the_pool_can_be_named() throws IOException {
        assertThat(read("{\"pool\": {\"driver\": \"auto\"}}").pool().driver()).isEmpty();
        assertThat(read("{\"pool\": {\"driver\": \"btrfs\"}}").pool().driver()).contains(PoolConfig.Driver.BTRFS);
        assertThat(read("{\"pool\": {\"driver\": \"openzfs\", \"devices\": [\"/dev/sdb\"]}}")
                        .pool()
                        .driver())
                .contains(PoolConfig.Driver.OPENZFS);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"id_base\": 1671088640}|\"id_base\" must be a multiple of 65536",
                "{\"id_base\": 0}|\"id_base\" must be a multiple of 65536",
                "{\"id_base\": 4294901760}|\"id_base\" must be a multiple of 65536, at most 3758030848",
                "{\"id_base\": \"many\"}|\"id_base\" must be a whole number",
                "{\"prefix\": \"Zone\"}|\"prefix\" must be one to three letters and digits",
                "{\"pool\": {\"size_gib\": 0}}|\"pool.size_gib\" must be 1 to 1048576",
                "{\"pool\": {\"driver\": \"zfs\"}}|\"pool.driver\" must be \"auto\", \"btrfs\" or \"openzfs\"",
                "{\"pool\": {\"driver\": 1}}|\"pool.driver\" must be \"auto\", \"btrfs\" or \"openzfs\"",
                "{\"pool\": {\"size_gb\": 5}}|unknown key \"size_gb\" (did you mean \"size_gib\"?)",
                "{\"perfix\": \"z\"}|unknown key \"perfix\" (did you mean \"prefix\"?)",
            })
    void a_wrong_value_is_refused_by_name(String text, String message) {
        assertThatThrownBy(() -> read(text))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("zondad.json: " + message);
    }
}
