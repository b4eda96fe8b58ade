package zonda.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.base.Cidr;
import zonda.base.OpException;
import zonda.kernel.Command;
import zonda.kernel.LinuxProcess;

/**
 * The DHCP clients of NICs whose network gives the addresses: a udhcpc of busybox for each, in the zone's user and network
 * namespaces, so that it is no more than the zone's root and sees no more of the network. It outlives the daemon, which
 * finds it again by its pid file, and ends with the NIC.
 *
 * <p>What it may use is not its word: {@link AntiSpoof} learns the address from the server's answer. Its word counts for
 * the name servers alone, which the zone's root could write into its own files just as well.
 */
final class DhcpClients {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private static final int SIGTERM = 15;
    private static final int SIGKILL = 9;
    private static final int MOST_RESOLVERS = 3;
    private static final String SCRIPT = "script";

    private final Path directory;

    DhcpClients(NetworkInstance instance) {
        directory = instance.run().resolve("dhcp-clients");
    }

    /** Writes what the clients run when something happens. Those that run see the new text at their next event. */
    void prepare() {
        try (var text = DhcpClients.class.getResourceAsStream("dhcp-client")) {
            Files.createDirectories(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
            Path fresh = directory.resolve(SCRIPT + ".tmp");
            Files.write(fresh, Objects.requireNonNull(text).readAllBytes());
            Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(fresh, directory.resolve(SCRIPT), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException("write " + directory.resolve(SCRIPT) + ": " + e, e);
        }
    }

    /**
     * Starts the NIC's client, in the background.
     *
     * @param initPid a process in the zone's namespaces
     */
    void start(NicSpec nic, long initPid, List<String> names) {
        Path own = directory(nic.zone(), nic.index());
        makeOwn(own, owner(initPid));
        List<String> argv =
                new ArrayList<>(List.of("busybox", "start-stop-daemon", "-S", "-b", "-p", pidFile(own) + ""));
        argv.addAll(List.of("-x", "/usr/bin/nsenter", "--", "--net=/proc/" + initPid + "/ns/net"));
        if (!isOurUserNamespace(initPid)) {
            argv.add("--user=/proc/" + initPid + "/ns/user");
        }
        argv.addAll(List.of("busybox", "udhcpc", "-i", nic.interfaceName(), "-s", directory.resolve(SCRIPT) + ""));
        argv.addAll(List.of("-p", pidFile(own) + "", "-f", "-t", "3", "-T", "2", "-A", "5"));
        names.stream()
                .filter(name -> name.matches("[a-zA-Z0-9][a-zA-Z0-9-]{0,62}"))
                .findFirst()
                .ifPresent(name -> argv.addAll(List.of("-x", "hostname:" + name)));
        Command.of(argv)
                .environment("ZONDA_LEASE", leaseFile(own) + "")
                .environment("ZONDA_ROUTER", nic.primary() && nic.gateways().isEmpty() ? "yes" : "no")
                .check(LIMIT);
    }

    /** For whom the client runs: the zone's root, as the host sees it. */
    private static int owner(long initPid) {
        Path map = Path.of("/proc/" + initPid + "/uid_map");
        try (Stream<String> lines = Files.lines(map)) {
            return lines.map(line -> line.strip().split("\\s+"))
                    .filter(words -> words.length == 3 && words[0].equals("0"))
                    .map(words -> Integer.parseInt(words[1]))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException("read " + map + ": " + e, e);
        }
    }

    private static boolean isOurUserNamespace(long initPid) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/" + initPid + "/ns/user"))
                    .equals(Files.readSymbolicLink(Path.of("/proc/self/ns/user")));
        } catch (IOException e) {
            throw new UncheckedIOException("read the user namespace of process " + initPid + ": " + e, e);
        }
    }

    private static void makeOwn(Path own, int owner) {
        try {
            Files.createDirectories(own);
            Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rwx------"));
            Files.setAttribute(own, "unix:uid", owner);
            Files.setAttribute(own, "unix:gid", owner);
        } catch (IOException e) {
            throw new UncheckedIOException("make " + own + ": " + e, e);
        }
    }

    /** Waits for the NIC's first lease. A server that is slower is waited for by the client alone. */
    void awaitLease(UUID zone, int index, Duration limit) {
        Path file = leaseFile(directory(zone, index));
        Await.until(limit, () -> Files.exists(file));
    }

    /** The name servers that the NIC's network offered with its lease. */
    List<InetAddress> resolvers(UUID zone, int index) {
        return lease(directory(zone, index), "dns")
                .map(text -> Arrays.stream(text.split(" "))
                        .flatMap(word -> address(word).stream())
                        .distinct()
                        .limit(MOST_RESOLVERS)
                        .toList())
                .orElse(List.of());
    }

    private static Optional<InetAddress> address(String word) {
        try {
            return Optional.of(Cidr.parseAddress(word));
        } catch (OpException e) {
            return Optional.empty();
        }
    }

    /** The value of a line {@code KEY=VALUE} of the lease. */
    private static Optional<String> lease(Path own, String key) {
        return read(leaseFile(own))
                .flatMap(text -> text.lines()
                        .filter(line -> line.startsWith(key + "="))
                        .map(line -> line.substring(key.length() + 1))
                        .findFirst());
    }

    boolean isRunning(UUID zone, int index) {
        return process(directory(zone, index)).isPresent();
    }

    /** Ends the zone's clients; fine when there are none. */
    void stop(UUID zone) {
        own().stream()
                .filter(own -> String.valueOf(own.getFileName()).startsWith(zone + "."))
                .forEach(DhcpClients::end);
    }

    void stopAll() {
        own().forEach(DhcpClients::end);
        delete(directory);
    }

    private List<Path> own() {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(Files::isDirectory).toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }

    private static void end(Path own) {
        process(own).ifPresent(process -> {
            process.signal(SIGTERM);
            if (!Await.until(PATIENCE, () -> !process.isAlive())) {
                process.signal(SIGKILL);
                Await.until(PATIENCE, () -> !process.isAlive());
            }
        });
        delete(own);
    }

    /** The process of the pid file, if it still has that file among its arguments. */
    private static Optional<LinuxProcess> process(Path own) {
        return read(pidFile(own))
                .map(String::strip)
                .filter(text -> text.matches("[0-9]{1,9}"))
                .map(Long::parseLong)
                .filter(pid -> read(Path.of("/proc/" + pid + "/cmdline"))
                        .filter(line ->
                                List.of(line.split("\0")).contains(pidFile(own).toString()))
                        .isPresent())
                .flatMap(LinuxProcess::find);
    }

    /** Files of a directory that is the zone's: no link is followed, and no more is read than a lease can have. */
    private static Optional<String> read(Path file) {
        try (var channel = Files.newByteChannel(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            var bytes = ByteBuffer.allocate(4096);
            channel.read(bytes);
            return Optional.of(new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static void delete(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("remove " + directory + ": " + e, e);
        }
    }

    private Path directory(UUID zone, int index) {
        return directory.resolve(zone + "." + index);
    }

    private static Path pidFile(Path own) {
        return own.resolve("pid");
    }

    private static Path leaseFile(Path own) {
        return own.resolve("lease");
    }
}
