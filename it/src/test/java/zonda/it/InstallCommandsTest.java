package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.kernel.Command;

/** Which commands quickstart puts on the PATH. */
class InstallCommandsTest {
    @TempDir
    Path directory;

    private Path to;
    private Path host;
    private Path record;

    @BeforeEach
    void makePlaces() throws IOException {
        to = Files.createDirectory(directory.resolve("local"));
        host = Files.createDirectory(directory.resolve("sbin"));
        record = directory.resolve("files");
    }

    private Command.Result install(String... names) {
        List<String> argv = new ArrayList<>(List.of(
                Documents.top().resolve("dist/src/sh/install-commands").toString(),
                to.toString(),
                record.toString(),
                "/nonexistent::" + host));
        argv.addAll(List.of(names));
        Command.Result result = Command.of(argv).run(Duration.ofSeconds(20));
        assertThat(result.status()).as(result.err()).isZero();
        return result;
    }

    private static void program(Path file) throws IOException {
        Files.writeString(file, "#!/bin/sh\necho the real one\n");
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    @Test
    void a_command_finds_its_runtime_from_where_it_was_installed() throws IOException {
        assertThat(install("zfs", "zondad").err()).isEmpty();

        Path home = Documents.top().resolve("dist/target/zonda");
        assertThat(Files.readAllLines(to.resolve("zfs"))).contains("home=" + home);
        assertThat(to.resolve("zondad")).isExecutable();
        assertThat(record).hasContent(to.resolve("zfs") + "\n" + to.resolve("zondad"));
    }

    @Test
    void the_real_zfs_of_the_host_is_not_shadowed_whatever_the_path_is() throws IOException {
        program(host.resolve("zfs"));

        assertThat(install("zfs", "vmadm").err())
                .contains(host.resolve("zfs") + " is there already, and stays what zfs means")
                .contains("bin/zfs");

        assertThat(to.resolve("zfs")).doesNotExist();
        assertThat(to.resolve("vmadm")).isExecutable();
        assertThat(record).hasContent(to.resolve("vmadm").toString());
    }

    @Test
    void ours_goes_when_the_real_one_was_installed_after_it() throws IOException {
        install("zfs", "zpool", "vmadm");
        program(host.resolve("zfs"));
        program(host.resolve("zpool"));

        install("zfs", "zpool", "vmadm");

        assertThat(to.resolve("zfs")).doesNotExist();
        assertThat(to.resolve("zpool")).doesNotExist();
        assertThat(record).hasContent(to.resolve("vmadm").toString());
    }

    @Test
    void what_somebody_else_put_there_is_left_alone() throws IOException {
        program(to.resolve("zfs"));

        assertThat(install("zfs").err()).contains("not ours: left alone");

        assertThat(to.resolve("zfs")).content().contains("the real one");
        assertThat(record).isEmptyFile();
    }
}
