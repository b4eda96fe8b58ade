package zonda.it;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import zonda.daemon.Zondad;

/**
 * The daemon's classes as a JVM maps them: loading them is half of what a start takes, and tests start hundreds. Made
 * once for a build by a daemon that serves a little; java(1), -XX:ArchiveClassesAtExit. There is none where classes are
 * not in jars, as in an editor: a JVM archives no others.
 */
final class ClassArchive {
    private static final Path FILE = Path.of("target/zondad.jsa").toAbsolutePath();
    private static final List<Path> JARS = jars();
    private static volatile Optional<Path> made = Optional.empty();

    private ClassArchive() {}

    /** The class path of daemons, with and without an archive. */
    static String classPath() {
        return JARS.isEmpty()
                ? System.getProperty("java.class.path")
                : JARS.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    /** What a JVM is told to use it. */
    static List<String> options() {
        return made.map(file -> List.of("-XX:SharedArchiveFile=" + file)).orElse(List.of());
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

    /** Makes it, unless it is there. The first of several runs makes it, and others wait. */
    static synchronized void make() {
        if (JARS.isEmpty() || made.isPresent() || System.getenv("ZONDA_HOME") != null) {
            return;
        }
        try (FileChannel channel = FileChannel.open(FILE.resolveSibling("zondad.jsa.lock"), CREATE, WRITE);
                FileLock _ = channel.lock()) {
            if (!isCurrent()) {
                Path partial = FILE.resolveSibling("zondad.jsa.partial");
                train(partial);
                Files.move(partial, FILE);
            }
            made = Optional.of(FILE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isCurrent() throws IOException {
        if (!Files.exists(FILE)) {
            return false;
        }
        FileTime newest = FileTime.fromMillis(0);
        for (Path jar : JARS) {
            FileTime time = Files.getLastModifiedTime(jar);
            newest = Comparator.<FileTime>naturalOrder().compare(time, newest) > 0 ? time : newest;
        }
        boolean current = Files.getLastModifiedTime(FILE).compareTo(newest) > 0;
        if (!current) {
            Files.delete(FILE);
        }
        return current;
    }

    private static void train(Path archive) throws IOException {
        var zonda = new Instance();
        zonda.make(Map.of("JAVA_TOOL_OPTIONS", "-XX:ArchiveClassesAtExit=" + archive));
        zonda.delete(zonda.create(Instance.withNics(zonda.payload(), Instance.nic("dhcp"))));
        zonda.stop();
        zonda.takeAway();
    }
}
