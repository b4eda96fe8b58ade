package zonda.vm;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import zonda.kernel.Access;
import zonda.kernel.Errno;
import zonda.kernel.KernelException;
import zonda.kernel.RootDirectory;
import zonda.zones.InitProgram;

/**
 * A VM's root filesystem as the host reads and writes it, always as if chrooted into it, since what is in it belongs to
 * the guest. All paths are as the guest sees them.
 */
final class GuestRoot implements AutoCloseable {
    private static final String PROVISIONING = "/var/svc/provisioning";
    private static final String PROVISION_SUCCESS = "/var/svc/provision_success";
    private static final String PROVISION_FAILURE = "/var/svc/provision_failure";
    private static final Access FILE = new Access(0644, 0, 0);
    private static final Access SECRET = new Access(0600, 0, 0);
    private static final Access DIRECTORY = new Access(0755, 0, 0);

    private final RootDirectory root;

    private GuestRoot(RootDirectory root) {
        this.root = root;
    }

    static GuestRoot open(Path path) {
        return new GuestRoot(RootDirectory.open(path));
    }

    /** What a VM gets before its first boot: its names, its resolvers, and the mark that it is being provisioned. */
    void install(VmConfig vm, List<String> resolvers) {
        if (Docker.is(vm)) {
            return;
        }
        root.writeWithParents(PROVISIONING, "", FILE);
        root.delete(PROVISION_SUCCESS);
        root.writeWithParents("/etc/hostname", vm.hostname() + "\n", FILE);
        root.writeWithParents("/etc/hosts", hosts(vm), FILE);
        resolvers(vm, resolvers);
    }

    /** Writes a VM's other name into its files, as far as they still are what {@link #install} made them. */
    void rename(VmConfig before, VmConfig after) {
        replaceOwn("/etc/hostname", before.hostname() + "\n", after.hostname() + "\n");
        replaceOwn("/etc/hosts", hosts(before), hosts(after));
    }

    private void replaceOwn(String path, String old, String text) {
        if (root.readLink(path).isEmpty()
                && root.readString(path).filter(old::equals).isPresent()) {
            root.writeWithParents(path, text, FILE);
        }
    }

    private static String hosts(VmConfig vm) {
        String domain = vm.properties().string("dns_domain", "local");
        String name = vm.hostname();
        return "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\t" + name + "." + domain
                + " " + name + "\n";
    }

    /** Whether anybody has told the guest of a name server. */
    boolean hasNameServers() {
        return root.readLink("/etc/resolv.conf").isPresent()
                || root.readString("/etc/resolv.conf")
                        .filter(text -> text.contains("nameserver"))
                        .isPresent();
    }

    /** Writes resolv.conf(5); a guest that makes its own a link to elsewhere keeps that. */
    void resolvers(VmConfig vm, List<String> resolvers) {
        if (resolvers.isEmpty() || root.readLink("/etc/resolv.conf").isPresent()) {
            return;
        }
        var text = new StringBuilder("search " + vm.properties().string("dns_domain", "local") + "\n");
        resolvers.forEach(
                resolver -> text.append("nameserver ").append(resolver).append('\n'));
        root.writeWithParents("/etc/resolv.conf", text.toString(), FILE);
    }

    /** How far the guest says its provisioning is. */
    enum Provisioning {
        RUNNING,
        SUCCEEDED,
        FAILED
    }

    Provisioning provisioning() {
        if (root.exists(PROVISION_FAILURE)) {
            return Provisioning.FAILED;
        }
        return root.exists(PROVISIONING) ? Provisioning.RUNNING : Provisioning.SUCCEEDED;
    }

    /** Says for a guest without tools that its provisioning succeeded, unless it said so itself. */
    void provisioned() {
        try {
            root.rename(PROVISIONING, PROVISION_SUCCESS);
        } catch (KernelException e) {
            if (!e.is(Errno.ENOENT)) {
                throw e;
            }
        }
    }

    /** Whether the image brings SmartOS' guest tools, which do the first boot's work and rename the file themselves. */
    boolean hasGuestTools() {
        return root.exists("/lib/smartdc");
    }

    /** Brings cloud-init's seed to what the VM's metadata say, if the image has cloud-init. */
    void seed(VmConfig vm) {
        if (!root.exists(CloudSeed.PROGRAM)) {
            return;
        }
        CloudSeed.files(vm).forEach((path, text) -> {
            if (!root.readString(path).equals(Optional.of(text))) {
                root.writeWithParents(path, text, SECRET);
            }
        });
    }

    void makeDirectory(Path path) {
        root.mkdirs(path.toString(), DIRECTORY);
    }

    /** Makes an empty file where there is none, or a link: something can be mounted on it then. */
    void makeFile(Path path) {
        String name = path.toString();
        if (root.readLink(name).isPresent()) {
            root.delete(name);
        }
        if (!root.exists(name)) {
            root.writeWithParents(name, "", FILE);
        }
    }

    /** Removes it, and those above it, as far as they are empty. */
    void removeDirectory(Path path) {
        boolean removed = root.list(path.toString()).isEmpty() && root.deleteTree(path.toString());
        Path above = path.getParent();
        if (removed && above != null && above.getNameCount() > 0) {
            removeDirectory(above);
        }
    }

    /** The image's own init, if it has one. */
    Optional<InitProgram.Machine> init(String path) {
        if (!root.exists(path)) {
            return Optional.empty();
        }
        String target = root.readLink(path).orElse(path);
        return Optional.of(new InitProgram.Machine(path, InitProgram.Kind.of(target)));
    }

    /** A user's line of passwd(5) by name or number. */
    Optional<Passwd.User> user(String name) {
        return passwd().find(name).map(user -> root.exists(user.home()) ? user : user.at("/"));
    }

    /** Whom the words of an OCI image's configuration mean. @see Passwd#container */
    Optional<Passwd.User> containerUser(String words) {
        return passwd().container(words);
    }

    private Passwd passwd() {
        return Passwd.parse(
                root.readString("/etc/passwd").orElse(""),
                root.readString("/etc/group").orElse(""));
    }

    @Override
    public void close() {
        root.close();
    }
}
