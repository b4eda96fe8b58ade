package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DebianSourcesTest {
    @TempDir
    Path apt;

    @BeforeEach
    void make_sources() throws Exception {
        Files.createDirectories(apt.resolve("sources.list.d"));
    }

    @Test
    void stanzas_are_reduced_to_the_suite_asked_for() throws Exception {
        Files.writeString(apt.resolve("sources.list.d/debian.sources"), """
                types: deb deb-src
                # a comment
                URIs: http://mirror.example/debian
                Suites: bookworm bookworm-updates bookworm-backports
                Components: main contrib
                Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

                Types: deb
                URIs: http://mirror.example/debian-security
                Suites: bookworm-security
                Components: main
                Signed-By:
                 -----BEGIN PGP PUBLIC KEY BLOCK-----
                 .
                 abc

                Types: deb
                Enabled: no
                URIs: http://off.example/debian
                Suites: bookworm
                Components: main
                """);
        Files.writeString(apt.resolve("sources.list.d/other.sources.disabled"), "Types: deb\nSuites: bookworm\n");

        assertThat(new DebianSources(apt).of("bookworm", "bookworm")).contains("""
                Types: deb
                URIs: http://mirror.example/debian
                Suites: bookworm bookworm-updates
                Components: main contrib
                Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

                Types: deb
                URIs: http://mirror.example/debian-security
                Suites: bookworm-security
                Components: main
                Signed-By:
                 -----BEGIN PGP PUBLIC KEY BLOCK-----
                 .
                 abc
                """);
    }

    @Test
    void lines_of_the_old_form_are_taken_and_another_suite_is_got_from_the_same_place() throws Exception {
        Files.writeString(apt.resolve("sources.list"), """
                # deb http://old.example/debian bookworm main
                deb [arch=amd64,arm64 signed-by=/k.gpg] http://mirror.example/debian bookworm main # mine
                deb-src http://mirror.example/debian bookworm main
                deb http://mirror.example/debian bookworm-security main
                deb http://third.example/node nodistro main
                """);

        assertThat(new DebianSources(apt).of("trixie", "bookworm")).contains("""
                Types: deb
                URIs: http://mirror.example/debian
                Suites: trixie
                Components: main
                Architectures: amd64 arm64
                Signed-By: /k.gpg

                Types: deb
                URIs: http://mirror.example/debian
                Suites: trixie-security
                Components: main
                """);
        assertThat(new DebianSources(apt).of("trixie", "noble")).isEmpty();
    }

    @Test
    void a_machine_without_sources_has_none() throws Exception {
        assertThat(new DebianSources(apt.resolve("nowhere")).of("bookworm", "bookworm"))
                .isEmpty();
    }

    @Test
    void words_that_would_be_options_are_refused() {
        assertThatThrownBy(() -> new Mmdebstrap.Wish("--aptopt=x", List.of())).hasMessageContaining("suite");
        assertThatThrownBy(() -> new Mmdebstrap.Wish("bookworm", List.of("nginx", "--x")))
                .hasMessageContaining("package");
        assertThatThrownBy(() -> Creations.Fields.parse(List.of("name=x"))).hasMessageContaining("version=");
        assertThatThrownBy(() -> Creations.Fields.parse(List.of("name=x", "version=1", "colour=red")))
                .hasMessageContaining("colour");
        assertThatThrownBy(() -> Creations.Fields.parse(List.of("name=x", "version=1", "type=zvol")))
                .hasMessageContaining("type");
    }
}
