package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import zonda.kernel.Command;

/**
 * Runs the examples of the documents, each document in a shell and a directory of its own, by the real client.
 *
 * <p>The paths in them are those of a host; here each is below the instance's root.
 */
class DocsExamplesIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final List<String> TOOLS = List.of(
            "vmadm",
            "imgadm",
            "zoneadm",
            "zonecfg",
            "zlogin",
            "sysinfo",
            "zonename",
            "nictagadm",
            "zfs",
            "zpool",
            "dtrace");
    /** Directories of a host that an instance has below its root. */
    private static final String PLACES =
            "(?<![\\w./])/(zones|etc/zones|var/(?:log|lib)/zonda|var/imgadm|var/zonecontrol|run/zonda)\\b";

    @TempDir
    Path directory;

    static Stream<Path> documents() {
        return Documents.all().stream().filter(document -> !examples(document).isEmpty());
    }

    private static List<DocumentExample> examples(Path document) {
        return DocumentExample.of(Documents.top().relativize(document), Documents.text(document));
    }

    @Test
    void there_are_examples_to_run() {
        assertThat(documents().map(path -> path.getFileName().toString()))
                .contains("README.md", "managing-a-smartmachine.md", "cheat-sheet.md");
    }

    @ParameterizedTest
    @MethodSource("documents")
    void examples_print_what_the_document_says(Path document) throws IOException {
        List<DocumentExample> examples = examples(document);
        installTools();
        Files.writeString(directory.resolve("script"), script(examples));

        Command.Result ran = Command.of("/bin/sh", directory.resolve("script").toString())
                .in(Files.createDirectory(directory.resolve("work")))
                .environment("PATH", directory.resolve("bin") + ":/usr/sbin:/usr/bin:/sbin:/bin")
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .run(LIMIT);

        List<String> wrong = new ArrayList<>();
        for (int i = 0; i < examples.size(); i++) {
            String printed = printed(i);
            if (!examples.get(i).matches(printed)) {
                wrong.add(examples.get(i) + "\nshould print:\n"
                        + examples.get(i).expected() + "but printed:\n" + printed);
            }
        }
        assertThat(wrong).as(() -> ran + "\n" + zonda.daemon().log()).isEmpty();
        assertThat(zonda.vmadm("lookup").out())
                .as(document + " leaves VMs behind")
                .isEmpty();
    }

    /** What a document leaves behind is its own failure, not the next one's. */
    @AfterEach
    void start_from_nothing() {
        zonda.deleteAll();
        zonda.imgadm("list", "-H", "-o", "uuid")
                .out()
                .lines()
                .filter(uuid -> !uuid.equals(zonda.image().toString()))
                .forEach(uuid -> zonda.imgadm("delete", uuid));
    }

    private void installTools() throws IOException {
        Path bin = Files.createDirectory(directory.resolve("bin"));
        for (String tool : TOOLS) {
            Path program = bin.resolve(tool);
            Files.writeString(program, "#!/bin/sh\nexec " + quoted(zonda.client(tool, "")) + " \"$@\"\n");
            assertThat(program.toFile().setExecutable(true)).isTrue();
        }
    }

    private static String quoted(List<String> words) {
        return String.join(
                " ",
                words.stream()
                        .map(word -> "'" + word.replace("'", "'\\''") + "'")
                        .toList());
    }

    /** Each command's output, both streams as a terminal shows them, is in a file of its own. */
    private String script(List<DocumentExample> examples) {
        var script = new StringBuilder();
        for (int i = 0; i < examples.size(); i++) {
            String command = examples.get(i).command().replaceAll(PLACES, zonda.root() + "/$1");
            script.append("{ ")
                    .append(command)
                    .append("\n} >")
                    .append(directory.resolve("out." + i))
                    .append(" 2>&1 </dev/null\n");
        }
        return script.toString();
    }

    private String printed(int example) throws IOException {
        Path file = directory.resolve("out." + example);
        return Files.exists(file) ? Files.readString(file).replace(zonda.root().toString(), "") : "";
    }
}
