package zonda.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import zonda.kernel.Access;
import zonda.kernel.Command;
import zonda.kernel.Directory;
import zonda.kernel.Errno;
import zonda.kernel.KernelException;
import zonda.kernel.NewFile;
import zonda.kernel.RootDirectory;

/**
 * A root filesystem of 2 MB around the host's static busybox: its init, a login on the console, and all its programs.
 *
 * <p>Its init takes SIGUSR2 for power off, SIGUSR1 for halt and SIGTERM for reboot; root has no password, which means
 * that nobody can log in with one.
 */
final class BusyboxRoot {
    private static final List<String> DIRECTORIES = List.of(
            "bin",
            "sbin",
            "usr/bin",
            "usr/sbin",
            "etc/init.d",
            "etc/rc.d",
            "dev",
            "proc",
            "sys",
            "run",
            "root",
            "home",
            "mnt",
            "native",
            "usr/share/udhcpc",
            "var/log",
            "var/svc",
            "var/www",
            "var/lib",
            "lib");

    private static final String INITTAB = """
            # busybox init: id of the terminal, run levels (unused), action, process
            ::sysinit:/etc/init.d/rcS
            console::respawn:/sbin/getty -L 0 console vt100
            ::ctrlaltdel:/sbin/reboot
            ::shutdown:/etc/init.d/rcK
            ::restart:/sbin/init
            """;

    private static final String BOOT = """
            #!/bin/sh
            # What is missing of what a zone's runtime mounts and sets, then the zone's own scripts.
            [ -e /proc/self ] || mount -t proc proc /proc 2>/dev/null
            [ -s /etc/hostname ] && hostname -F /etc/hostname 2>/dev/null
            ip link set lo up 2>/dev/null
            for script in /etc/rc.d/*; do
                [ -x "$script" ] && "$script" start
            done
            :
            """;

    private static final String SHUTDOWN = """
            #!/bin/sh
            for script in /etc/rc.d/*; do
                [ -x "$script" ] && "$script" stop
            done
            :
            """;

    private static final String DHCP = """
            #!/bin/sh
            # udhcpc(8) runs this at each change of a lease.
            case "$1" in
            deconfig)
                ip addr flush dev "$interface"
                ip link set "$interface" up
                ;;
            bound | renew)
                ip addr replace "$ip/${mask:-24}" dev "$interface"
                for r in $router; do ip route replace default via "$r" dev "$interface" && break; done
                [ -n "$dns" ] && for d in $dns; do echo "nameserver $d"; done >/etc/resolv.conf
                ;;
            esac
            :
            """;

    private static final String GROUPS = """
            root:x:0:
            daemon:x:1:
            tty:x:5:
            www-data:x:33:
            users:x:100:
            nogroup:x:65534:
            """;

    private static final String USERS = """
            root:x:0:0:root:/root:/bin/sh
            daemon:x:1:1:daemon:/usr/sbin:/bin/false
            www-data:x:33:33:www-data:/var/www:/bin/false
            nobody:x:65534:65534:nobody:/nonexistent:/bin/false
            """;

    private static final String SHADOW = """
            root:*:19000:0:99999:7:::
            daemon:*:19000:0:99999:7:::
            www-data:*:19000:0:99999:7:::
            nobody:*:19000:0:99999:7:::
            """;

    private final Path busybox;

    /** @param busybox statically linked, such as {@code /bin/busybox} of Debian's busybox-static */
    BusyboxRoot(Path busybox) {
        this.busybox = busybox;
    }

    /** @throws ImageException FILE_SYSTEM when there is no busybox, or it isn't static */
    void fill(Path target) throws IOException {
        if (!Files.isExecutable(busybox)) {
            throw new ImageException(
                    ImageError.FILE_SYSTEM, "no " + busybox + ": it comes with Debian's package busybox-static");
        }
        try (RootDirectory root = RootDirectory.open(target)) {
            DIRECTORIES.forEach(path -> root.mkdirs(path, Access.root(0755)));
            root.mkdirs("tmp", Access.root(01777));
            root.mkdirs("var/tmp", Access.root(01777));
            root.access("root", Access.root(0700));
            files(root);
        }
        copyProgram(target);
        linkApplets(target);
    }

    private static void files(RootDirectory root) {
        root.write("etc/inittab", INITTAB, Access.root(0644));
        root.write("etc/init.d/rcS", BOOT, Access.root(0755));
        root.write("etc/init.d/rcK", SHUTDOWN, Access.root(0755));
        root.write("usr/share/udhcpc/default.script", DHCP, Access.root(0755));
        root.write("etc/passwd", USERS, Access.root(0644));
        root.write("etc/group", GROUPS, Access.root(0644));
        root.write("etc/shadow", SHADOW, Access.root(0600));
        root.write("etc/securetty", "console\n", Access.root(0644));
        root.write("etc/hostname", "zone\n", Access.root(0644));
        root.write("etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n", Access.root(0644));
        root.write("etc/fstab", "", Access.root(0644));
        root.write(
                "etc/profile",
                "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/native/usr/sbin\n",
                Access.root(0644));
        root.write("etc/os-release", "ID=zonda-busybox\nNAME=BusyBox\nPRETTY_NAME=BusyBox\n", Access.root(0644));
    }

    private void copyProgram(Path target) throws IOException {
        byte[] buffer = new byte[256 * 1024];
        try (Directory bin = Directory.open(target.resolve("bin"));
                InputStream in = Files.newInputStream(busybox);
                NewFile file = bin.create("busybox")) {
            for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
                file.write(buffer, 0, got);
            }
            file.access(Access.root(0755));
        }
    }

    /** The program itself says which names it goes by, with their directories. */
    private void linkApplets(Path target) {
        String list = Command.of(busybox.toString(), "--list-full").check(Duration.ofSeconds(10));
        try (Directory root = Directory.open(target)) {
            for (String path : list.lines().toList()) {
                int slash = path.lastIndexOf('/');
                try (Directory parent = root.resolve(slash < 0 ? "bin" : path.substring(0, slash))) {
                    parent.symlink(path.substring(slash + 1), "/bin/busybox");
                } catch (KernelException e) {
                    if (!e.is(Errno.EEXIST)) { // bin/busybox itself
                        throw e;
                    }
                }
            }
            try (Directory sbin = root.child("sbin")) {
                if (sbin.stat("init").isEmpty()) {
                    sbin.symlink("init", "/bin/busybox");
                }
            }
        }
    }
}
