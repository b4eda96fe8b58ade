package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Assumptions;
import zonda.base.Cidr;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.kernel.Command;
import zonda.kernel.Link;
import zonda.kernel.RouteSocket;

/** An instance of the test's own on this machine, with a random prefix; closing it checks that nothing of it is left. */
final class TestNetwork implements AutoCloseable {
    private static final Random RANDOM = new Random();

    final NetworkInstance instance;
    private final Path directory;
    private final TestClaim claim;
    private Networks networks;

    TestNetwork() throws IOException {
        this("");
    }

    /** @param config the text of network.json, or empty for the embedded network */
    TestNetwork(String config) throws IOException {
        Assumptions.assumeTrue(Files.isWritable(Path.of("/proc/sys/net/core/somaxconn")), "needs root");
        for (String program : List.of("/usr/sbin/nft", "/usr/sbin/dnsmasq", "/usr/bin/busybox", "/usr/bin/perl")) {
            Assumptions.assumeTrue(Files.exists(Path.of(program)) || Files.exists(Path.of("/bin/busybox")), program);
        }
        directory = Files.createTempDirectory("zonda-network");
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        String prefix = "t" + Integer.toString(36 + RANDOM.nextInt(36 * 35), 36);
        instance = TestClaim.instance(prefix, directory);
        claim = TestClaim.of(instance);
        if (!config.isEmpty()) {
            Files.createDirectories(instance.state());
            Files.writeString(instance.state().resolve(NetworkConfig.FILE), config);
        }
        networks = new Networks(instance);
    }

    Networks up() {
        networks.up();
        return networks;
    }

    /** What a daemon does that was killed and started again. */
    Networks restart() {
        networks = new Networks(instance);
        return up();
    }

    /** What the end of a killed test's process does: the instance stays, and nobody has it. */
    void abandon() throws IOException {
        claim.abandon();
    }

    String prefix() {
        return instance.prefix();
    }

    Etherstub stub(String name) throws IOException {
        var json = Json.parseObject(Files.readString(instance.state().resolve(NetworkConfig.FILE)));
        return NetworkConfig.parse(json).etherstubs().stream()
                .filter(stub -> stub.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    List<Link> links() {
        try (var socket = RouteSocket.open()) {
            return socket.links().stream()
                    .filter(link -> link.group() == instance.group()
                            || link.group() == instance.dyingGroup()
                            || link.group() == instance.bridgeGroup()
                            || link.name().startsWith(prefix()))
                    .toList();
        }
    }

    /**
     * Deletes a switch, as a stranger would, and lets it be brought back before an instance of another test looks for a
     * network that is free, and finds its.
     */
    void deleteSwitch(String stub, Runnable bringingBack) {
        new Forwarding(instance).locked(() -> {
            Command.of("ip", "link", "delete", prefix() + stub).check(Duration.ofSeconds(10));
            bringingBack.run();
            return stub;
        });
    }

    static Mac mac() {
        return Mac.random(RANDOM);
    }

    static NicSpec nic(UUID zone, Mac mac, String tag, String... ips) {
        return nic(zone, 0, mac, tag, NicProtection.FULL, ips);
    }

    static NicSpec nic(UUID zone, int index, Mac mac, String tag, NicProtection protection, String... ips) {
        return new NicSpec(
                zone,
                index,
                "net" + index,
                mac,
                tag,
                0,
                OptionalInt.empty(),
                Arrays.stream(ips).map(NicAddress::parse).toList(),
                List.of(),
                index == 0,
                protection);
    }

    static ZoneNetwork zone(NicSpec... nics) {
        return new ZoneNetwork(nics[0].zone(), List.of(), List.of(nics), Map.of());
    }

    static String address(AttachedNic nic) {
        return Cidr.text(nic.addresses().getFirst().address());
    }

    @Override
    public void close() throws IOException {
        networks.destroy();
        claim.close();
        assertThat(links()).isEmpty();
        assertThat(new AntiSpoof(instance).isLoaded()).isFalse();
        assertThat(instance.run().resolve("dnsmasq").toFile().list()).isNullOrEmpty();
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
