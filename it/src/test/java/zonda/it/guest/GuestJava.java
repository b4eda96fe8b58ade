package zonda.it.guest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import zonda.kernel.Command;

/** A Java runtime and classes on a guest's disk, to run there what runs here. */
public final class GuestJava {
    private static final Duration COPYING = Duration.ofMinutes(2);
    /** What of a JDK runs programs. */
    private static final List<String> PARTS = List.of("bin/java", "conf", "release");

    private GuestJava() {}

    /**
     * Puts the runtime of this process into {@code java}, and the places that these classes are from into {@code
     * classes}.
     */
    public static void install(Path directory, Class<?>... withPlacesOf) {
        try {
            Path from = Path.of(System.getProperty("java.home"));
            Path java = directory.resolve("java");
            for (String part : PARTS) {
                copy(from.resolve(part), java.resolve(part));
            }
            copy(from.resolve("lib"), java.resolve("lib"));
            for (String unused : List.of("lib/src.zip", "lib/ct.sym")) {
                Files.deleteIfExists(java.resolve(unused));
            }
            List<Path> places = new ArrayList<>();
            for (Class<?> one : withPlacesOf) {
                Path place = Path.of(
                        one.getProtectionDomain().getCodeSource().getLocation().toURI());
                if (!places.contains(place)) {
                    places.add(place);
                    archive(place, directory.resolve("classes/" + places.size() + ".jar"));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        Command.of("cp", "-a", from.toString(), to.toString()).check(COPYING);
    }

    /** Classes of a directory become an archive: what is remembered of their loading is of archives only. */
    private static void archive(Path from, Path to) throws IOException {
        if (!Files.isDirectory(from)) {
            copy(from, to);
            return;
        }
        Files.createDirectories(to.getParent());
        String jar = Path.of(System.getProperty("java.home"), "bin/jar").toString();
        Command.of(jar, "--create", "--no-compress", "--file", to.toString(), "-C", from.toString(), ".")
                .check(COPYING);
    }

    /** The words that run a class there. */
    public static String command(Class<?> main) {
        return "/in/java/bin/java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m"
                + " --enable-native-access=ALL-UNNAMED -cp \"$(echo /in/classes/* | tr ' ' :)\" " + main.getName();
    }
}
