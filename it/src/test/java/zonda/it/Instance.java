package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import zonda.base.Json;

/**
 * A global zone of a test class's own: pool, daemon, network and a busybox image, made before the first test and torn
 * down after the last, when nothing of it may be left on the machine.
 */
final class Instance implements BeforeAllCallback, AfterAllCallback {
    static final Duration LIMIT = Duration.ofSeconds(120);
    private static final List<String> PROGRAMS =
            List.of("/bin/busybox", "/usr/bin/conmon", "/usr/sbin/dnsmasq", "/sbin/mkfs.btrfs", "/usr/sbin/nft");

    private final UUID image = UUID.randomUUID();
    private final Supplier<List<Path>> devices;
    private Identity identity;
    private DaemonProcess daemon;
    private Thread interrupted;

    /** With a pool in a file. */
    Instance() {
        this(List::of);
    }

    /** @param devices those of its pool, which are there when the first test begins */
    Instance(Supplier<List<Path>> devices) {
        this.devices = devices;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        PROGRAMS.forEach(program -> assumeTrue(Files.isExecutable(Path.of(program)), "needs " + program));
        make(Map.of());
    }

    /** @param environment of the daemon */
    void make(Map<String, String> environment) {
        identity = Identity.draw(devices.get());
        // A run of the tests that is itself ended leaves nothing either.
        interrupted = new Thread(this::tearDown);
        Runtime.getRuntime().addShutdownHook(interrupted);
        start(environment, "create-pool", "serve");
        Ran made = imgadm("create", "--busybox", "name=busybox", "version=1", "uuid=" + image);
        assertThat(made.status()).as(made.toString()).isZero();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        if (identity != null) {
            takeAway();
        }
    }

    /** Takes it from the machine, and makes sure that it is gone. */
    void takeAway() throws IOException {
        Runtime.getRuntime().removeShutdownHook(interrupted);
        DaemonProcess last = tearDown();
        List<String> left = leftovers().ofInstance();
        assertThat(last.end()).as(last::log).isZero();
        assertThat(left).as("left on the machine after the tear-down").isEmpty();
        identity.giveBack();
        deleteRoot();
    }

    private DaemonProcess tearDown() {
        if (daemon != null && daemon.isAlive()) {
            daemon.terminate();
        }
        DaemonProcess last = DaemonProcess.run(identity.root(), Map.of(), "tear-down");
        last.end();
        return last;
    }

    private void deleteRoot() throws IOException {
        try (Stream<Path> files = Files.walk(identity.root())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    // The daemon's life.

    /** Starts the daemon; it serves when this returns. */
    void start(Map<String, String> environment) {
        start(environment, "serve");
    }

    private void start(Map<String, String> environment, String... verbs) {
        daemon = DaemonProcess.run(identity.root(), environment, verbs);
        daemon.awaitServing(identity.socket());
    }

    /** Restarts the daemon so that it ends, as kill -9 would end it, after the step of that name. */
    void restartToCrashAfter(String step) {
        stop();
        start(Map.of("ZONDA_CRASH_AFTER", step));
    }

    /** Stops the daemon in order. */
    void stop() {
        if (daemon.isAlive()) {
            daemon.terminate();
        }
    }

    void restart() {
        stop();
        start(Map.of());
    }

    void kill9() {
        daemon.kill();
    }

    DaemonProcess daemon() {
        return daemon;
    }

    Identity identity() {
        return identity;
    }

    UUID image() {
        return image;
    }

    Path root() {
        return identity.root();
    }

    /** What there should not be any more. */
    Leftovers leftovers() {
        return new Leftovers(identity, Duration.ofSeconds(5));
    }

    /** What there is at this moment. */
    Leftovers present() {
        return new Leftovers(identity, Duration.ZERO);
    }

    // Commands.

    Ran vmadm(String... arguments) {
        return run("vmadm", arguments);
    }

    Ran imgadm(String... arguments) {
        return run("imgadm", arguments);
    }

    Ran zlogin(String... arguments) {
        return run("zlogin", arguments);
    }

    /** Runs a command with empty input. */
    Ran run(String tool, String... arguments) {
        return feed("", tool, arguments);
    }

    Ran feed(String input, String tool, String... arguments) {
        try (Call call = call(tool, arguments)) {
            return call.type(input).endInput().ran(LIMIT);
        }
    }

    Call call(String tool, String... arguments) {
        return Call.start(identity.socket(), "", tool, List.of(arguments));
    }

    /** As from a terminal. */
    Call onTerminal(String tool, String... arguments) {
        return Call.start(identity.socket(), "ioe", tool, List.of(arguments));
    }

    /** The command line of the real client. @param terminals as for {@link #call}; - for none */
    List<String> client(String tool, String terminals) {
        return Programs.client(tool, terminals);
    }

    // Virtual machines.

    /** The smallest payload: busybox, no NIC. */
    Json.Obj payload() {
        return Json.object()
                .with("brand", "joyent-minimal")
                .with("image_uuid", image.toString())
                .with("max_physical_memory", 64)
                .with("quota", 1);
    }

    Json.Obj payload(String alias) {
        return payload().with("alias", alias);
    }

    static Json.Obj nic(String ip) {
        return Json.object().with("nic_tag", "stub0").with("ips", Json.Arr.ofStrings(List.of(ip)));
    }

    static Json.Obj withNics(Json.Obj payload, Json.Obj... nics) {
        return payload.with("nics", Json.Arr.of(Stream.of(nics)));
    }

    /** Creates a VM; it is up. */
    UUID create(Json.Obj payload) {
        Ran ran = feed(payload.compact(), "vmadm", "create");
        return created(ran).orElseThrow(() -> new AssertionError(ran + "\ndaemon: " + daemon.log()));
    }

    static Optional<UUID> created(Ran ran) {
        return ran.err()
                .lines()
                .filter(line -> line.startsWith("Successfully created VM "))
                .map(line -> UUID.fromString(line.substring("Successfully created VM ".length())))
                .findFirst();
    }

    Json.Obj get(UUID vm) {
        Ran ran = vmadm("get", vm.toString());
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.json();
    }

    String state(UUID vm) {
        return get(vm).string("state", "");
    }

    void delete(UUID vm) {
        Ran ran = vmadm("delete", vm.toString());
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    void deleteAll() {
        vmadm("lookup").out().lines().toList().forEach(uuid -> delete(UUID.fromString(uuid)));
    }

    /** What a shell in the zone writes to its standard output. @throws AssertionError unless it exits with 0 */
    String sh(UUID vm, String script) {
        Ran ran = zlogin(vm.toString(), script);
        assertThat(ran.status()).as(script + ": " + ran).isZero();
        return ran.out().strip();
    }

    /** The host's number of the zone's first process. */
    long init(UUID vm) {
        return get(vm).integer("pid").orElseThrow();
    }

    Path datasetRoot(UUID vm) {
        return identity.root().resolve("zones/" + vm + "/root");
    }

    /** What is in a volume of its pool of files. @param dataset its name */
    Path volume(String dataset) {
        Ran ran = run("zfs", "get", "-H", "-p", "-o", "value", "guid", dataset);
        assertThat(ran.status()).as(ran.toString()).isZero();
        String hex = "%016x".formatted(Long.parseUnsignedLong(ran.out().strip()));
        return identity.root().resolve("run/zonda/pools/zones/ds/" + hex + "/live/disk");
    }

    static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
