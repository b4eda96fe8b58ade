package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import zonda.kernel.Command;

/** The manual pages, as far as programs can judge them. */
class ManPagesTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Path MANDOC = Path.of("/usr/bin/mandoc");

    static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(Documents.top().resolve("man"))) {
            return files.filter(file -> file.toString().matches(".*\\.[158]"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void the_properties_in_the_page_of_vmadm_are_those_of_the_table() {
        Command.Result ran = Command.of(Documents.top().resolve("man/generate").toString(), "--check")
                .run(LIMIT);

        assertThat(ran.err()).isEmpty();
        assertThat(ran.status()).isZero();
    }

    @Test
    void every_command_and_file_has_a_page() throws IOException {
        assertThat(pages().stream().map(page -> page.getFileName().toString()))
                .contains(
                        "vmadm.8",
                        "imgadm.8",
                        "zoneadm.8",
                        "zonecfg.8",
                        "zlogin.1",
                        "sysinfo.8",
                        "dtrace.8",
                        "zfs.8",
                        "zpool.8",
                        "zonename.1",
                        "nictagadm.8",
                        "zondad.8",
                        "zondad.json.5",
                        "zonda-network.5");
    }

    @ParameterizedTest
    @MethodSource("pages")
    void mandoc_has_nothing_to_complain_about(Path page) {
        assumeTrue(Files.isExecutable(MANDOC), "needs the Debian package mandoc");

        Command.Result ran = Command.of(MANDOC.toString(), "-Tlint", "-Wwarning", page.toString())
                .run(LIMIT);

        assertThat(ran.out() + ran.err()).isEmpty();
    }
}
