package zonda.it;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import zonda.daemon.Zondad;

/**
 * The programs under test: an installation's, which ZONDA_HOME names, or the checkout's, as its build made them; and
 * where classes are not in jars, as in an editor, JVMs of those classes, which take longer to start.
 */
final class Programs {
    private static final @Nullable Path HOME = home();

    private Programs() {}

    private static @Nullable Path home() {
        String home = System.getenv("ZONDA_HOME");
        if (home != null) {
            return Path.of(home);
        }
        Path classes = Path.of(
                Zondad.class.getProtectionDomain().getCodeSource().getLocation().getPath());
        return classes.toString().endsWith(".jar") ? Documents.top() : null;
    }

    /** The command line of the daemon. */
    static List<String> daemon() {
        return HOME == null
                ? classes(
                        "zonda.daemon.Zondad",
                        "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
                        "--enable-native-access=ALL-UNNAMED")
                : List.of(HOME.resolve("bin/zondad").toString());
    }

    /**
     * The command line of a client.
     *
     * @param terminals i, o, e for each standard stream that is one, or -; a client of a build looks itself
     */
    static List<String> client(String tool, String terminals) {
        return HOME == null
                ? Stream.concat(classes("zonda.client.Main").stream(), Stream.of(tool, terminals))
                        .toList()
                : List.of(HOME + "/bin/" + tool);
    }

    private static List<String> classes(String main, String... options) {
        return Stream.of(
                        Stream.of(
                                System.getProperty("java.home") + "/bin/java",
                                "-XX:+UseSerialGC",
                                "-XX:TieredStopAtLevel=1",
                                "-Xmx256m"),
                        Stream.of(options),
                        Stream.of("-cp", System.getProperty("java.class.path"), main))
                .flatMap(words -> words)
                .toList();
    }
}
