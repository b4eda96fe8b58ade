package zonda.images;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import zonda.kernel.Access;
import zonda.kernel.RootDirectory;

/** A Debian root filesystem that boots with systemd to a login on the console of a zone. */
final class DebianRoot {
    /** What Debian's minbase lacks for a login under systemd. */
    static final List<String> PACKAGES = List.of("systemd-sysv", "dbus", "iproute2", "login");

    private final Mmdebstrap mmdebstrap;

    DebianRoot(Mmdebstrap mmdebstrap) {
        this.mmdebstrap = mmdebstrap;
    }

    void fill(Path target, Mmdebstrap.Wish wish, Progress progress) throws IOException {
        mmdebstrap.fill(target, wish.with(PACKAGES), "", progress);
        try (Progress.Step _ = progress.begin("Make it an image", 0);
                RootDirectory root = RootDirectory.open(target)) {
            finish(root);
        }
    }

    /** What differs between a machine and an image of many. */
    private static void finish(RootDirectory root) {
        forget(root);
        root.write("etc/hostname", "zone\n", Access.root(0644));
        root.write("etc/resolv.conf", "", Access.root(0644));
        root.write("etc/fstab", "# Empty: the zone's runtime mounts what there is.\n", Access.root(0644));
        root.mkdirs("native", Access.root(0755));
        root.mkdirs("var/svc", Access.root(0755));
        root.mkdirs("etc/systemd/system/getty.target.wants", Access.root(0755));
        root.symlink(
                "etc/systemd/system/getty.target.wants/console-getty.service",
                "/lib/systemd/system/console-getty.service");
    }

    /** Takes out what only one machine may have, and what is left of making the tree. */
    static void forget(RootDirectory root) {
        root.write("etc/machine-id", "", Access.root(0444));
        root.delete("var/lib/dbus/machine-id");
        root.write("etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n", Access.root(0644));
        root.delete("etc/apt/apt.conf.d/99mmdebstrap");
        // Devices are the runtime's to give, or the kernel's; mmdebstrap makes some, for packages that want them while
        // they are installed.
        for (String directory : List.of("dev", "var/lib/apt/lists", "var/cache/apt", "var/log/apt")) {
            root.list(directory).forEach(name -> root.deleteTree(directory + "/" + name));
        }
        root.mkdirs("var/lib/apt/lists/partial", Access.root(0755));
        root.mkdirs("var/cache/apt/archives/partial", Access.root(0755));
        List.of("var/log/dpkg.log", "var/log/alternatives.log", "var/log/bootstrap.log")
                .forEach(root::delete);
        lockRoot(root);
    }

    /** Nobody logs in as root with a password until an operator sets one. */
    private static void lockRoot(RootDirectory root) {
        String shadow = root.readString("etc/shadow").orElse("");
        String locked = Pattern.compile("^root:[^:]*:", Pattern.MULTILINE)
                .matcher(shadow)
                .replaceFirst("root:*:");
        root.write("etc/shadow", locked, new Access(0640, 0, shadowGroup(root)));
    }

    private static int shadowGroup(RootDirectory root) {
        return root.readString("etc/group")
                .orElse("")
                .lines()
                .map(line -> line.split(":"))
                .filter(fields -> fields.length > 2 && fields[0].equals("shadow") && fields[2].matches("\\d{1,9}"))
                .map(fields -> Integer.parseInt(fields[2]))
                .findFirst()
                .orElse(0);
    }
}
