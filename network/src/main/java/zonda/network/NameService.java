package zonda.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import zonda.base.Await;
import zonda.base.Cidr;
import zonda.base.Mac;
import zonda.base.StateFile;
import zonda.kernel.Command;
import zonda.kernel.LinuxProcess;

/**
 * DHCP and DNS on one etherstub: a dnsmasq(8) of its own, bound to that bridge only and configured by nothing but its
 * arguments and its directory here. It detaches itself, so it outlives the daemon, which finds it again by its pid file.
 *
 * <p>It gives addresses to known NICs only, and names come from us alone: what a client calls itself is ignored, or a
 * zone could take another's name. It drops root, so its directory can be passed and read by all.
 */
final class NameService {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int SIGHUP = 1;
    private static final int SIGTERM = 15;
    private static final int SIGKILL = 9;
    private static final Pattern HOST_NAME = Pattern.compile(
            "[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*");

    private final Path directory;
    private final Etherstub stub;
    private final String bridge;

    NameService(Path directory, Etherstub stub, String bridge) {
        this.directory = directory;
        this.stub = stub;
        this.bridge = bridge;
    }

    /** Sees to it that it runs, with these arguments: one that does is kept. */
    void start() {
        List<String> wanted = arguments();
        Optional<LinuxProcess> running = process();
        String device = deviceNumber();
        boolean current = running.isPresent()
                && commandLine(running.get().pid()).equals(wanted)
                && StateFile.read(deviceFile()).equals(Optional.of(device));
        if (current) {
            return;
        }
        stop();
        makeDirectory(directory);
        makeDirectory(dhcpHosts());
        makeDirectory(names());
        write(deviceFile(), device);
        Command.of(wanted).check(LIMIT);
    }

    /** Its DHCP socket is bound to the bridge's number, so one for a bridge that was made anew is of no use. */
    private String deviceNumber() {
        return StateFile.read(Path.of("/sys/class/net", bridge, "ifindex")).orElse("");
    }

    private Path deviceFile() {
        return directory.resolve("ifindex");
    }

    void stop() {
        stop(directory);
    }

    /** Ends the one whose directory this is; fine when it doesn't run. */
    static void stop(Path directory) {
        process(pidFile(directory)).ifPresent(process -> {
            process.signal(SIGTERM);
            if (!Await.until(Duration.ofSeconds(3), () -> !process.isAlive())) {
                process.signal(SIGKILL);
                Await.until(Duration.ofSeconds(3), () -> !process.isAlive());
            }
        });
        delete(pidFile(directory));
    }

    /** The running one: the process of the pid file, if it still has that file among its arguments. */
    Optional<LinuxProcess> process() {
        return process(pidFile(directory));
    }

    private static Optional<LinuxProcess> process(Path pidFile) {
        try {
            long pid = Long.parseLong(Files.readString(pidFile).strip());
            return LinuxProcess.find(pid).filter(_ -> commandLine(pid).contains("--pid-file=" + pidFile));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /**
     * Makes it answer a NIC's request for an address, which is this one. It notices the file by itself; but an address that
     * it gave to another NIC, which is gone, it keeps for that one until the lease is over.
     */
    synchronized void host(Mac mac, InetAddress address, List<String> names) {
        if (leases().stream().anyMatch(lease -> isOfAnother(lease, mac, address))) {
            stop();
            write(
                    leaseFile(),
                    leases().stream()
                            .filter(lease -> !isOfAnother(lease, mac, address))
                            .map(lease -> lease + "\n")
                            .collect(Collectors.joining()));
            start();
        }
        String name = validNames(names).stream()
                .filter(valid -> valid.indexOf('.') < 0)
                .findFirst()
                .map(valid -> "," + valid)
                .orElse("");
        write(dhcpHosts().resolve(fileName(mac)), mac + "," + Cidr.text(address) + name + "\n");
    }

    /** Its lines: when it ends, MAC, address, name, client. */
    private List<String> leases() {
        return StateFile.read(leaseFile()).map(text -> text.lines().toList()).orElse(List.of());
    }

    private static boolean isOfAnother(String lease, Mac mac, InetAddress address) {
        String[] fields = lease.split(" ");
        return fields.length > 2 && fields[2].equals(Cidr.text(address)) && !fields[1].equalsIgnoreCase(mac.toString());
    }

    private Path leaseFile() {
        return directory.resolve("leases");
    }

    /** Makes it answer the names with the NIC's addresses. */
    void name(Mac mac, List<InetAddress> addresses, List<String> names) {
        String valid = String.join(" ", validNames(names));
        if (!valid.isEmpty() && !addresses.isEmpty()) {
            var lines = new StringBuilder();
            addresses.forEach(address ->
                    lines.append(Cidr.text(address)).append(' ').append(valid).append('\n'));
            write(names().resolve(fileName(mac)), lines.toString());
        }
    }

    /** Forgets the NICs. */
    void forget(List<Mac> macs) {
        boolean changed = false;
        for (Mac mac : macs) {
            changed |= delete(dhcpHosts().resolve(fileName(mac)));
            changed |= delete(names().resolve(fileName(mac)));
        }
        if (changed) {
            // What it has read stays until it reads all again.
            process().ifPresent(process -> process.signal(SIGHUP));
        }
    }

    private static List<String> validNames(List<String> names) {
        return names.stream()
                .filter(name -> name.length() <= 253 && HOST_NAME.matcher(name).matches())
                .distinct()
                .toList();
    }

    List<String> arguments() {
        Cidr address = stub.address().orElseThrow();
        String gateway = Cidr.text(address.address());
        List<String> arguments = new ArrayList<>(List.of(
                "dnsmasq",
                "--conf-file=/dev/null",
                "--pid-file=" + pidFile(directory),
                "--user=" + user(),
                "--group=nogroup",
                "--bind-interfaces",
                "--interface=" + bridge,
                "--except-interface=lo",
                "--no-hosts",
                "--log-facility=" + directory.resolve("log")));
        if (stub.dns()) {
            arguments.addAll(List.of("--hostsdir=" + names(), "--domain-needed", "--bogus-priv", "--cache-size=1000"));
        } else {
            arguments.add("--port=0");
        }
        if (stub.dhcp().isPresent()) {
            arguments.addAll(List.of(
                    "--dhcp-range=" + Cidr.text(address.network().address()) + ",static," + netmask(address) + ",1h",
                    "--dhcp-hostsdir=" + dhcpHosts(),
                    "--dhcp-leasefile=" + leaseFile(),
                    "--dhcp-lease-max=" + (stub.dhcp().get().size() + 1),
                    "--dhcp-authoritative",
                    "--dhcp-ignore-names",
                    "--no-ping",
                    "--quiet-dhcp",
                    // Option 3, the router: none unless it routes; 6: the name server; 26: the MTU.
                    stub.nat() ? "--dhcp-option=3," + gateway : "--dhcp-option=3",
                    stub.dns() ? "--dhcp-option=6," + gateway : "--dhcp-option=6",
                    "--dhcp-option=26," + stub.mtu()));
        }
        return List.copyOf(arguments);
    }

    private static String netmask(Cidr cidr) {
        return Cidr.text(new Cidr(Cidr.parseAddress("255.255.255.255"), cidr.prefix())
                .network()
                .address());
    }

    /** The account of Debian's package, or the general one for nobody in particular. */
    private static String user() {
        try {
            boolean hasOwn =
                    Files.readAllLines(Path.of("/etc/passwd")).stream().anyMatch(line -> line.startsWith("dnsmasq:"));
            return hasOwn ? "dnsmasq" : "nobody";
        } catch (IOException e) {
            return "nobody";
        }
    }

    private static List<String> commandLine(long pid) {
        try {
            String text = Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.UTF_8);
            return List.of(text.split("\0"));
        } catch (IOException e) {
            return List.of();
        }
    }

    private static String fileName(Mac mac) {
        return mac.toString().replace(':', '-');
    }

    private static Path pidFile(Path directory) {
        return directory.resolve("pid");
    }

    private Path dhcpHosts() {
        return directory.resolve("dhcp-hosts");
    }

    private Path names() {
        return directory.resolve("names");
    }

    private static void makeDirectory(Path path) {
        try {
            Files.createDirectories(path);
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException("make " + path + ": " + e, e);
        }
    }

    /** By rename from outside of the directory, so that dnsmasq never sees half a file. */
    private void write(Path file, String text) {
        Path temporary = directory.resolve(file.getFileName() + ".tmp");
        try {
            Files.writeString(temporary, text);
            Files.setPosixFilePermissions(temporary, PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("write " + file + ": " + e, e);
        }
    }

    private static boolean delete(Path file) {
        try {
            return Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }
}
