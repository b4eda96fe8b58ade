package zonda.it;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import zonda.daemon.Zondad;
import zonda.kernel.Command;

/**
 * A program's classes as a JVM maps them: loading them is half of what a start takes, and tests start hundreds. Made
 * once for a build, by a daemon that serves a little and a client; java(1), -XX:ArchiveClassesAtExit. There are none
 * where classes are not in jars, as in an editor: a JVM archives no others.
 */
enum ClassArchive {
    DAEMON(
            "zonda.daemon.Zondad",
            "-Xlog:cds=off",
            "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED"),
    CLIENT("zonda.client.Main");

    private static final Path TARGET = Path.of("target").toAbsolutePath();
    private static final List<Path> JARS = jars();
    private static volatile boolean made;

    private final String mainClass;
    private final List<String> options;

    ClassArchive(String mainClass, String... options) {
        this.mainClass = mainClass;
        this.options = List.of(options);
    }

    private Path file() {
        return TARGET.resolve(mainClass + ".jsa");
    }

    private Map<String, String> recording() {
        return Map.of("JAVA_TOOL_OPTIONS", "-XX:ArchiveClassesAtExit=" + file());
    }

    /** The command line that runs the program, with its archive where that is made. */
    List<String> program() {
        List<String> words = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                made ? "-XX:SharedArchiveFile=" + file() : "-Xshare:auto"));
        words.addAll(options);
        String classPath = JARS.isEmpty()
                ? System.getProperty("java.class.path")
                : JARS.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        words.addAll(List.of("-cp", classPath, mainClass));
        return words;
    }

    /** Jars only: the directories of tests are nothing to a daemon. */
    private static List<Path> jars() {
        if (!Zondad.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath()
                .endsWith(".jar")) {
            return List.of();
        }
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.endsWith(".jar"))
                .map(Path::of)
                .filter(Files::exists)
                .toList();
    }

    /** Makes them, unless they are there. The first of several runs makes them, and others wait. */
    static synchronized void make() {
        if (JARS.isEmpty() || made || System.getenv("ZONDA_HOME") != null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(TARGET.resolve("archives.lock"), CREATE, WRITE);
                FileLock _ = channel.lock()) {
            if (!areCurrent()) {
                record();
            }
            made = true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A JVM would leave an archive of older jars unused. */
    private static boolean areCurrent() throws IOException {
        for (ClassArchive archive : values()) {
            for (Path jar : JARS) {
                if (!Files.exists(archive.file())
                        || Files.getLastModifiedTime(archive.file()).compareTo(Files.getLastModifiedTime(jar)) < 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private static void record() throws IOException {
        for (ClassArchive archive : values()) {
            Files.deleteIfExists(archive.file());
        }
        var zonda = new Instance();
        zonda.make(DAEMON.recording());
        zonda.delete(zonda.create(Instance.withNics(zonda.payload(), Instance.nic("dhcp"))));
        Command client = Command.of(zonda.client("vmadm", "-")).with("list");
        for (var variable : CLIENT.recording().entrySet()) {
            client = client.environment(variable.getKey(), variable.getValue());
        }
        client.environment("ZONDA_SOCKET", zonda.identity().socket().toString()).check(Instance.LIMIT);
        zonda.stop();
        zonda.takeAway();
        for (ClassArchive archive : values()) {
            assertThat(archive.file()).exists();
        }
    }
}
