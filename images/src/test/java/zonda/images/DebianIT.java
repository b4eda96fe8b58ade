package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import zonda.base.Await;
import zonda.kernel.Command;
import zonda.kernel.RootDirectory;

/** Makes a real Debian image from this machine's sources: a minute. */
@Tag("slow")
class DebianIT {
    private Path scratch;
    private TestHost host;

    @BeforeEach
    void make_a_host() throws Exception {
        assumeTrue(
                System.getenv("ZONDA_SLOW_TESTS") != null,
                "takes a minute, and zones of such an image are booted elsewhere; ZONDA_SLOW_TESTS=1 runs it");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/mmdebstrap")), "no mmdebstrap");
        assumeTrue(suite().matches("[a-z]+"), "not a Debian with a name");
        scratch = Files.createTempDirectory("zonda-debian-");
        host = new TestHost(scratch);
    }

    @AfterEach
    void remove_it() {
        if (scratch != null) {
            try (var parent = RootDirectory.open(scratch.getParent())) {
                parent.deleteTree(scratch.getFileName().toString());
            }
        }
    }

    private static String suite() throws Exception {
        return Files.readString(Path.of("/etc/os-release")).replaceFirst("(?s).*VERSION_CODENAME=(\\w+).*", "$1");
    }

    @Test
    void a_debian_image_has_what_boots_to_a_login_and_nothing_of_this_machine() throws Exception {
        var steps = new ArrayList<String>();
        Progress progress = new Progress() {
            @Override
            public void say(String line) {}

            @Override
            public Step begin(String name, long total) {
                steps.add(name);
                return _ -> {};
            }
        };
        InstalledImage image = host.images()
                .creations()
                .debian(
                        new Creations.Debian(suite(), List.of("netcat-openbsd")),
                        Creations.Fields.parse(List.of("name=debian-" + suite(), "version=1")),
                        progress);

        Path path = host.store.root(image.uuid());
        try (RootDirectory root = RootDirectory.open(path)) {
            assertThat(root.target("sbin/init").orElseThrow().isFile()).isTrue();
            for (String program : List.of("bin/login", "sbin/ip", "usr/bin/dbus-daemon", "bin/nc", "bin/systemctl")) {
                assertThat(root.exists(program)).as(program).isTrue();
            }
            assertThat(root.readString("etc/machine-id")).contains("");
            assertThat(root.readString("etc/hostname")).contains("zone\n");
            assertThat(root.readString("etc/shadow").orElseThrow().lines())
                    .anyMatch(line -> line.startsWith("root:*:"));
            assertThat(root.target("etc/systemd/system/getty.target.wants/console-getty.service")
                            .orElseThrow()
                            .isFile())
                    .isTrue();
            assertThat(root.exists("etc/apt/apt.conf.d/99mmdebstrap")).isFalse();
            assertThat(root.list("var/lib/apt/lists")).containsExactly("partial");
            assertThat(root.list("proc")).isEmpty();
            assertThat(root.list("dev")).isEmpty();
            assertThat(root.list("tmp")).isEmpty();
            assertThat(root.list("run")).as("nothing of the build").doesNotContain("mmdebstrap");
        }
        assertThat(steps).anyMatch(step -> step.startsWith("mmdebstrap: ")).contains("Make it an image");
        assertThat(image.manifest().tags().string("kernel_version").orElseThrow())
                .matches("\\d+\\.\\d+.*");
        assertThat(TestHost.run("findmnt", "-rno", "TARGET")).doesNotContain(scratch.toString());
    }

    @Test
    void a_suite_that_does_not_exist_is_said_and_leaves_nothing() throws Exception {
        assertThatThrownBy(() -> host.images()
                        .creations()
                        .debian(
                                new Creations.Debian("no-such-suite", List.of()),
                                Creations.Fields.parse(List.of("name=x", "version=1")),
                                Progress.NONE))
                .isInstanceOf(ImageException.class)
                .hasMessageContaining("mmdebstrap: exit")
                .hasMessageContaining("no-such-suite");
        assertThat(host.root.resolve("zones").toFile().list()).isEmpty();
        assertThat(TestHost.run("findmnt", "-rno", "TARGET")).doesNotContain(scratch.toString());
    }

    @Test
    void a_build_dies_with_the_process_that_began_it_and_is_taken_back() throws Exception {
        Process process = Command.of(
                        System.getProperty("java.home") + "/bin/java",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CreationInOwnProcess.class.getName(),
                        scratch.toString(),
                        suite())
                .start();
        try {
            // Some way into it: apt was started inside.
            assertThat(Await.until(
                            Duration.ofSeconds(60), () -> process.descendants().count() >= 3))
                    .isTrue();
        } finally {
            List<ProcessHandle> all = process.descendants().toList();
            process.destroyForcibly().waitFor();
            assertThat(Await.until(Duration.ofSeconds(10), () -> all.stream().noneMatch(ProcessHandle::isAlive)))
                    .as("nothing goes on")
                    .isTrue();
        }
        assertThat(TestHost.run("findmnt", "-rno", "TARGET")).doesNotContain(scratch.toString());
        assertThat(host.store.partials()).hasSize(1);

        assertThat(host.images().recover().discarded()).hasSize(1);

        assertThat(host.root.resolve("zones").toFile().list()).isEmpty();
    }
}
