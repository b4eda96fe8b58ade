package zonda.images;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import zonda.kernel.Blocking;
import zonda.kernel.Command;
import zonda.kernel.LinuxProcess;
import zonda.kernel.PrivateMounts;

/**
 * A tree of Debian packages, made by mmdebstrap(1) from the machine's own apt sources.
 *
 * <p>It runs in mount and pid namespaces of its own, and ends with the thread that started it: after a {@code kill -9} of
 * this process nothing goes on writing, and nothing stays mounted.
 */
final class Mmdebstrap {
    private static final Pattern SUITE = Pattern.compile("[a-z][a-z0-9.-]{0,40}");
    private static final Pattern PACKAGE = Pattern.compile("[a-z0-9][a-z0-9+.:=~_-]{0,200}");

    private static final Duration LIMIT = Duration.ofMinutes(30);
    private static final int LAST_LINES = 15;

    /** How often apt asks again for a file that a mirror failed to give, apt.conf(5). */
    private static final int RETRIES = 3;

    /** What pools are made of: datasets that this doesn't use stay free to be unmounted. */
    private static final Set<String> POOLS = Set.of("btrfs", "zfs");
    /** What mmdebstrap and its children use of the host. */
    private static final List<Path> HOST = Stream.of(
                    "/usr/share",
                    "/etc/apt",
                    "/root",
                    "/run",
                    "/tmp",
                    "/var/tmp",
                    "/var/cache/apt",
                    "/var/lib/apt",
                    "/var/lib/dpkg")
            .map(Path::of)
            .toList();

    private final Path apt;
    private final Path scratch;
    private final Map<String, String> environment;

    /**
     * @param apt {@code /etc/apt}
     * @param scratch where a file may be put that is soon deleted; made if it isn't there
     * @param environment where {@code http_proxy} and its like are looked up
     */
    Mmdebstrap(Path apt, Path scratch, Map<String, String> environment) {
        this.apt = apt;
        this.scratch = scratch;
        this.environment = environment;
    }

    /**
     * What to make.
     *
     * @param suite such as bookworm
     * @param include names of packages
     */
    record Wish(String suite, List<String> include) {
        /** @throws ImageException INVALID_ARGUMENT */
        Wish {
            include = List.copyOf(include);
            if (!SUITE.matcher(suite).matches()) {
                throw new ImageException(
                        ImageError.INVALID_ARGUMENT, "not the name of a Debian suite: \"" + suite + "\"");
            }
            for (String name : include) {
                if (!PACKAGE.matcher(name).matches()) {
                    throw new ImageException(
                            ImageError.INVALID_ARGUMENT, "not the name of a Debian package: \"" + name + "\"");
                }
            }
        }

        /** These packages and those of the wish. */
        Wish with(List<String> packages) {
            return new Wish(
                    suite, Stream.concat(packages.stream(), include.stream()).toList());
        }
    }

    /**
     * Fills an empty directory.
     *
     * @param hook what sh(1) does at the end, with the directory as its first argument; nothing if it is empty
     * @throws ImageException NOT_SUPPORTED when the machine has no sources for the suite, FILE_SYSTEM with the last lines
     *     of mmdebstrap
     */
    void fill(Path target, Wish wish, String hook, Progress progress) throws IOException {
        String sources = new DebianSources(apt)
                .of(wish.suite(), ownSuite())
                .orElseThrow(() -> new ImageException(
                        ImageError.NOT_SUPPORTED,
                        "this machine has no apt sources for Debian " + wish.suite() + " in " + apt
                                + ", and none for a suite of its own that could serve instead"));
        Path file = Files.createTempFile(Files.createDirectories(scratch), "debian-", ".sources");
        try {
            Files.writeString(file, sources);
            run(command(target, wish, hook, file), target, progress);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private Command command(Path target, Wish wish, String hook, Path sources) {
        List<String> argv = new ArrayList<>(List.of(
                "setpriv",
                "--pdeathsig",
                "KILL",
                "--",
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child=KILL",
                "--mount-proc",
                "mmdebstrap",
                "--mode=root",
                "--format=directory",
                "--variant=minbase",
                "--include=" + String.join(",", wish.include()),
                // The directory is there already, empty.
                "--skip=check/empty",
                "--aptopt=Acquire::Languages \"none\"",
                "--aptopt=Acquire::Retries \"" + RETRIES + "\""));
        aptOptions().forEach(option -> argv.add("--aptopt=" + option));
        if (!hook.isEmpty()) {
            argv.add("--customize-hook=" + hook);
        }
        argv.addAll(List.of("--", wish.suite(), target.toString(), sources.toString()));
        Command command = Command.of(argv);
        for (String name : List.of("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")) {
            String value = environment.get(name);
            if (value != null) {
                command = command.environment(name, value);
            }
        }
        return command;
    }

    /** What the machine's apt is told of the way to its sources, apt.conf(5); it is taken out of the image again. */
    private static List<String> aptOptions() {
        Command.Result dump = Command.of("apt-config", "dump").run(Duration.ofSeconds(20));
        return dump.out()
                .lines()
                .filter(line -> line.matches(
                        "Acquire::(Retries|https?::Proxy|Check-Valid-Until|Check-Date|https::Ca).* \"[^\"]+\";"))
                .toList();
    }

    private static String ownSuite() throws IOException {
        return Files.readString(Path.of("/etc/os-release"))
                .lines()
                .filter(line -> line.startsWith("VERSION_CODENAME="))
                .map(line -> line.substring("VERSION_CODENAME=".length()).replace("\"", ""))
                .findFirst()
                .orElse("");
    }

    /** On a thread of its own for its whole life: it ends with the thread that started it, prctl(2) PR_SET_PDEATHSIG. */
    private static void run(Command command, Path target, Progress progress) {
        Blocking.onOwnThread("mmdebstrap", () -> {
            Process process = command.start();
            List<Path> needed = Stream.concat(HOST.stream(), Stream.of(target)).toList();
            LinuxProcess.find(process.pid()).ifPresent(unshare -> PrivateMounts.drop(unshare, POOLS, needed));
            process.getOutputStream().close();
            Thread.ofVirtual().name("mmdebstrap-limit").start(() -> limit(process));
            Deque<String> last = new ArrayDeque<>();
            try (BufferedReader lines = process.errorReader();
                    var steps = new Steps(progress)) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    steps.line(line);
                    last.add(line);
                    if (last.size() > LAST_LINES) {
                        last.remove();
                    }
                }
                if (process.waitFor() != 0) {
                    throw new ImageException(
                            ImageError.FILE_SYSTEM,
                            "mmdebstrap: exit " + process.exitValue() + ":\n  " + String.join("\n  ", last));
                }
            } finally {
                process.destroyForcibly();
            }
            return true;
        });
    }

    private static void limit(Process process) {
        try {
            if (!process.waitFor(LIMIT)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Its lines of the form {@code I: installing essential packages...} are the steps. */
    private static final class Steps implements AutoCloseable {
        private final Progress progress;
        private Progress.Step current;

        Steps(Progress progress) {
            this.progress = progress;
            this.current = progress.begin("mmdebstrap: start", 0);
        }

        void line(String line) {
            if (line.startsWith("I: ") && line.endsWith("...")) {
                current.close();
                current = progress.begin("mmdebstrap: " + line.substring(3, line.length() - 3), 0);
            }
        }

        @Override
        public void close() {
            current.close();
        }
    }
}
