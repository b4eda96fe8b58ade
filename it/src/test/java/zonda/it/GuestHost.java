package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;
import zonda.base.Json;
import zonda.it.guest.Guest;
import zonda.it.guest.GuestImage;
import zonda.kernel.Command;

/**
 * A host of Zonda in a guest: the runtimes of this build, at the same path as here, the unit that we ship, with a
 * pool that the daemon makes first, and a busybox image.
 */
final class GuestHost implements BeforeAllCallback, AfterAllCallback, TestWatcher {
    private static final Duration DISK = Duration.ofSeconds(60);
    private static final Duration COMMAND = Duration.ofSeconds(300);
    /** Of some fifty seconds of the guest each. */
    private static final int MOST_WAITS = 12;

    private static final Path SOCKET = Path.of("/run/zonda/host.sock");
    private static final String SERVES = """
            tries=0
            until [ -S /run/zonda/host.sock ] && journalctl -q -u zondad "_PID=$(systemctl show -P MainPID zondad)" -g serving >/dev/null; do
                tries=$((tries + 1))
                [ $tries -lt 100 ] || { systemctl status zondad; journalctl -u zondad -n 20; exit 1; }
                sleep 0.5
            done
            """;

    /** The programs of this build are on a disk, which is mounted again at each boot. */
    private static final String SETUP = """
            set -e
            modprobe virtio_blk
            echo virtio_blk >/etc/modules-load.d/zonda-test.conf
            mkdir -p %1$s
            cat >/etc/systemd/system/zonda-test-build.service <<END
            [Unit]
            Before=zondad.service
            [Service]
            Type=oneshot
            RemainAfterExit=yes
            ExecStart=/bin/sh -c 'until [ -b /dev/vda ]; do sleep 0.1; done; mount -o ro /dev/vda %1$s'
            TimeoutStartSec=60
            [Install]
            WantedBy=multi-user.target
            END
            systemctl enable --now zonda-test-build
            sed 's|@HOME@/bin/zondad|%1$s/bin/zondad create-pool serve|' %1$s/dist/src/systemd/zondad.service \
                >/etc/systemd/system/zondad.service
            """;

    /** Another guest's OpenZFS, built for the same kernel, and all packages of it that this one has not. */
    private static final String OPENZFS = """
            set -e
            mkdir -p /run/openzfs
            mount -o ro /dev/vdc /run/openzfs
            cd /run/openzfs/var/lib/dpkg/info
            for list in *.list; do [ -e "/var/lib/dpkg/info/$list" ] || cat "$list"; done |
                grep -E '^/(etc|usr)/' | sed 's|^/||' >/run/files
            tar -C /run/openzfs --no-recursion --ignore-failed-read -cf - -T /run/files 2>/dev/null | tar -C / -xf -
            mkdir -p "/lib/modules/$(uname -r)/extra"
            find "/run/openzfs/lib/modules/$(uname -r)" \\( -name 'spl.ko*' -o -name 'zfs.ko*' \\) \
                -exec cp {} "/lib/modules/$(uname -r)/extra/" \\;
            cd /
            umount /run/openzfs
            ldconfig
            depmod
            """;

    private final boolean hasOpenZfs;
    private final boolean isHurried;
    private final Path top = Documents.top();
    private Guest guest;
    private GuestImage image;
    private Path scratch;
    private String busybox;

    GuestHost() {
        this(false, true);
    }

    /** @param isHurried whether the programs are told what lets them be sooner done on an emulated CPU */
    private GuestHost(boolean hasOpenZfs, boolean isHurried) {
        this.hasOpenZfs = hasOpenZfs;
        this.isHurried = isHurried;
    }

    /** With OpenZFS, whose module is not loaded yet. */
    static GuestHost withOpenZfs() {
        return new GuestHost(true, true);
    }

    /** As {@link #withOpenZfs}, with programs that are to be timed. */
    static GuestHost withOpenZfsAsShipped() {
        return new GuestHost(true, false);
    }

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        make();
    }

    /** Boots it; its daemon serves when this returns. */
    void make() throws IOException {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        assumeTrue(
                Files.isExecutable(top.resolve("dist/target/zonda/daemon/bin/java")),
                "needs the runtimes, which mvnw package makes in dist");
        image = GuestImage.ofHost(top);
        scratch = Files.createTempDirectory("zonda-guest-disks-");
        List<Guest.Disk> disks = new ArrayList<>();
        if (hasOpenZfs) {
            disks.add(new Guest.Disk(GuestImage.ofOpenZfs(top).root(), false));
        }
        disks.addAll(0, List.of(new Guest.Disk(build(), false), new Guest.Disk(zoneDisk(), false)));
        guest = Guest.boot(image, disks);
        guest.sh(SETUP.formatted(top)).good();
        if (hasOpenZfs) {
            guest.sh(OPENZFS).good();
        }
        guest.sh("systemctl enable --now zondad").good();
        awaitServing();
        Ran made = run("imgadm", "create", "--busybox", "name=busybox", "version=1");
        assertThat(made.status()).as(made.toString()).isZero();
        busybox = run("imgadm", "list", "-H", "-o", "uuid").out().strip();
    }

    @Override
    public void afterAll(ExtensionContext context) throws IOException {
        takeAway();
    }

    void takeAway() throws IOException {
        if (guest != null) {
            guest.close();
        }
        if (scratch != null) {
            try (Stream<Path> files = Files.walk(scratch)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** The daemon's last words are in the guest, and go with it. */
    @Override
    public void testFailed(ExtensionContext context, Throwable cause) {
        if (guest != null && guest.isAlive()) {
            System.err.println(guest.sh("journalctl -q --no-pager -n 40; dmesg | tail -n 10")
                    .out());
        }
    }

    /** The programs of this build. */
    private Path build() {
        Path tree = scratch.resolve("tree");
        copy("bin", tree);
        copy("dist/target/zonda", tree);
        copy("dist/src/systemd", tree);
        if (isHurried) {
            // An emulated CPU is sooner done with the client's bytecode than with code that it has to translate once
            // more.
            append(tree.resolve("dist/target/zonda/client.args"), "-Xint\n");
            // The daemon compiles what is hot, and nothing that is only warm.
            append(tree.resolve("dist/target/zonda/daemon.args"), "-XX:CompileThresholdScaling=10\n");
        }
        return disk("build", tree, "500M");
    }

    private void copy(String name, Path tree) {
        Path to = tree.resolve(name).getParent();
        Command.of("mkdir", "-p", String.valueOf(to)).check(DISK);
        Command.of("cp", "-a", top.resolve(name).toString(), String.valueOf(to)).check(DISK);
    }

    private Path disk(String name, Path tree, String size) {
        Path disk = scratch.resolve(name + ".ext4");
        Command.of("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", tree.toString(), disk.toString(), size)
                .check(DISK);
        return disk;
    }

    /** A disk with the root of a zone as a file. */
    private Path zoneDisk() {
        Path tree = scratch.resolve("zone");
        try {
            Files.createDirectory(tree);
            Files.createLink(tree.resolve("zone.tar"), image.zone());
        } catch (IOException e) {
            Command.of("cp", image.zone().toString(), tree.toString()).check(DISK);
        }
        return disk("zone", tree, "600M");
    }

    Guest guest() {
        return guest;
    }

    /** Waits until the daemon that systemd has now says that it serves. */
    void awaitServing() {
        Guest.Ran ran = guest.sh(SERVES);
        // A start that takes a second takes minutes on an emulated CPU that others use, too.
        for (int tries = 1; ran.status() != 0 && tries < MOST_WAITS; tries++) {
            ran = guest.sh(SERVES);
        }
        ran.good();
    }

    /** The path of a program of this build, here and there. */
    String program(String name) {
        return top + "/bin/" + name;
    }

    /** Runs a command, by the client's frames: its own start takes seconds on an emulated machine. */
    Ran run(String tool, String... arguments) {
        return feed("", tool, arguments);
    }

    Ran feed(String input, String tool, String... arguments) {
        return feed(input.getBytes(StandardCharsets.UTF_8), tool, arguments);
    }

    Ran feed(byte[] input, String tool, String... arguments) {
        return guest.bridge(
                SOCKET, bridge -> Call.start(bridge, "", tool, List.of(arguments)), call -> ran(call, input));
    }

    private static Ran ran(Call call, byte[] input) {
        try (call) {
            return call.type(input).endInput().ran(COMMAND);
        }
    }

    /** The smallest payload: busybox, with a NIC. */
    Json.Obj payload(String alias) {
        return Json.object()
                .with("brand", "joyent-minimal")
                .with("image_uuid", busybox)
                .with("alias", alias)
                .with("max_physical_memory", 64)
                .with("quota", 1)
                .with("nics", Json.Arr.of(Stream.of(Instance.nic("dhcp"))));
    }

    UUID create(Json.Obj payload) {
        Ran ran = feed(payload.compact(), "vmadm", "create");
        return Instance.created(ran).orElseThrow(() -> new AssertionError(ran.toString()));
    }

    Json.Obj get(UUID vm) {
        Ran ran = run("vmadm", "get", vm.toString());
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.json();
    }

    long init(UUID vm) {
        return get(vm).integer("pid").orElseThrow();
    }

    /** What a shell in the zone writes. @throws AssertionError unless it exits with 0 */
    String inZone(UUID vm, String script) {
        Ran ran = run("zlogin", vm.toString(), script);
        assertThat(ran.status()).as(script + ": " + ran).isZero();
        return ran.out().strip();
    }

    /** Files of the zone's control group, one a line, as {@code name=content}. */
    String group(UUID vm, String... files) {
        return guest.sh("cd /sys/fs/cgroup/zonda/" + vm + " && for file in " + String.join(" ", files)
                        + "; do echo \"$file=$(cat $file)\"; done")
                .good();
    }

    private static void append(Path file, String text) {
        try {
            Files.writeString(file, text, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
