package zonda.network;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.Blocking;
import zonda.kernel.Link;
import zonda.kernel.Route;
import zonda.kernel.RouteSocket;
import zonda.network.NicTag.Uplink;

/**
 * The network of one global zone: its switches, and the NICs of its zones. All calls may come from any thread; those of
 * one zone come one after another.
 */
public final class Networks implements AutoCloseable {
    /** Servers look for a second or three whether an address is in use before they offer it. */
    private static final Duration FIRST_LEASES = Duration.ofSeconds(5);

    private final NetworkInstance instance;
    private final AntiSpoof antiSpoof;
    private final Gateways gateways;
    private final Forwarding forwarding;
    /** Shared by what changes one zone's NICs, exclusive for what looks at all of them. */
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

    private volatile @Nullable Running running;

    /** What is there between {@link #up} and {@link #close}. */
    private record Running(Switches switches, Services services, Attachments attachments, Nics nics) {}

    public Networks(NetworkInstance instance) {
        this.instance = instance;
        antiSpoof = new AntiSpoof(instance);
        gateways = new Gateways(instance);
        forwarding = new Forwarding(instance);
    }

    /**
     * Makes or adopts everything that {@code network.json} describes; without that file, the embedded network, which is
     * then written there. Zones' NICs that are attached go on undisturbed.
     *
     * @throws OpException INVALID when the file is wrong
     */
    public void up() {
        exclusively(() -> {
            directories();
            use(forwarding.locked(this::claimed));
            return true;
        });
    }

    private void use(NetworkConfig config) {
        var attachments = new Attachments(instance.run().resolve("nics"));
        attachments.load();
        antiSpoof.load();
        new DhcpClients(instance).prepare();
        var switches = new Switches(instance, config);
        switches.up();
        Map<String, Etherstub> stubs = switches.etherstubs();
        gateways.load(stubs);
        if (stubs.values().stream().anyMatch(Etherstub::nat)) {
            forwarding.acquire();
        } else {
            forwarding.release();
        }
        var services = new Services(instance);
        services.start(stubs);
        var leases = new Leases(instance.state().resolve("leases.json"));
        leases.load();
        var nics = new Nics(instance, antiSpoof, switches, services, attachments, leases);
        running = new Running(switches, services, attachments, nics);
    }

    /**
     * Adds etherstubs and NIC tags, in {@code network.json} and in the kernel. Zones' NICs go on undisturbed.
     *
     * @throws OpException CONFLICT when there is one of a name, or why one can't be used; nothing is changed then
     */
    public void add(NetworkConfig more) {
        exclusively(() -> {
            Set<String> names = Stream.concat(
                            more.etherstubs().stream().map(Etherstub::name),
                            more.nicTags().stream().map(NicTag::name))
                    .collect(Collectors.toSet());
            names.stream().filter(this::tagExists).findFirst().ifPresent(name -> {
                throw new OpException(Code.CONFLICT, "nic tag '" + name + "' already exists");
            });
            changeOrLeave(config().with(more), names);
            return true;
        });
    }

    /**
     * Leads a NIC tag to another link. NICs that zones have on it stay on the old one until they are attached anew.
     *
     * @throws OpException NOT_FOUND when there is none of that name, or why it can't be used so; nothing is changed then
     */
    public void move(NicTag tag) {
        exclusively(() -> {
            NetworkConfig before = config();
            if (before.nicTags().stream().noneMatch(old -> old.name().equals(tag.name()))) {
                throw missing(tag.name());
            }
            changeOrLeave(before.replacing(tag), Set.of(tag.name()));
            return true;
        });
    }

    /** Gives an etherstub another MTU, at once. @throws OpException as {@link #move} */
    public void resize(String etherstub, int mtu) {
        exclusively(() -> {
            NetworkConfig before = config();
            Etherstub stub = before.etherstubs().stream()
                    .filter(old -> old.name().equals(etherstub))
                    .findFirst()
                    .orElseThrow(() -> missing(etherstub));
            changeOrLeave(before.replacing(stub.withMtu(mtu)), Set.of(etherstub));
            return true;
        });
    }

    private static OpException missing(String name) {
        return new OpException(Code.NOT_FOUND, "nic tag '" + name + "' does not exist");
    }

    /** Changes the configuration, and back again when one of these names can't be used then. */
    private void changeOrLeave(NetworkConfig next, Set<String> names) {
        NetworkConfig before = config();
        change(next);
        tags().stream()
                .filter(tag -> names.contains(tag.name()))
                .flatMap(tag -> tag.problem().stream())
                .findFirst()
                .ifPresent(problem -> {
                    change(before);
                    throw new OpException(Code.FAILED, problem);
                });
    }

    /**
     * Takes an etherstub or a NIC tag away. Zones that have NICs on it keep their links, which lead nowhere new.
     *
     * @throws OpException NOT_FOUND when there is none of that name
     */
    public void remove(String name) {
        exclusively(() -> {
            if (!tagExists(name)) {
                throw missing(name);
            }
            change(config().without(name));
            return true;
        });
    }

    private void change(NetworkConfig next) {
        StateFile.replace(instance.state().resolve(NetworkConfig.FILE), next.toJson());
        use(next);
        running().switches().dropUnused();
    }

    /** The NIC tag of that name on the link that has this MAC, a bridge before its ports. @throws OpException NOT_FOUND */
    public NicTag tagOn(String name, Mac mac) {
        try (var socket = RouteSocket.open()) {
            return socket.links().stream()
                    .filter(link -> link.mac().equals(Optional.of(mac)))
                    .filter(link -> link.group() != instance.bridgeGroup() && link.group() != instance.group())
                    .sorted(Comparator.comparing((Link link) -> !link.isBridge()))
                    .map(link -> new NicTag(
                            name,
                            link.isBridge()
                                    ? new Uplink.ExistingBridge(link.name())
                                    : new Uplink.PhysicalNic(link.name())))
                    .findFirst()
                    .orElseThrow(
                            () -> new OpException(Code.NOT_FOUND, "no physical interface has the MAC address " + mac));
        }
    }

    /** Passable by dnsmasq's user, listable by none but us. */
    private void directories() {
        try {
            Files.createDirectories(instance.state());
            Files.createDirectories(instance.machine());
            Files.createDirectories(instance.run());
            Files.setPosixFilePermissions(instance.run(), PosixFilePermissions.fromString("rwx--x--x"));
        } catch (IOException e) {
            throw new UncheckedIOException("make the directories of the network: " + e, e);
        }
    }

    /** The configuration. A network that was chosen for it is in use before another instance looks for a free one. */
    private NetworkConfig claimed() {
        boolean chosen = Files.notExists(instance.state().resolve(NetworkConfig.FILE));
        NetworkConfig config = config();
        if (chosen) {
            new Switches(instance, config).up();
        }
        return config;
    }

    private NetworkConfig config() {
        Path file = instance.state().resolve(NetworkConfig.FILE);
        return StateFile.readObject(file).map(NetworkConfig::parse).orElseGet(() -> {
            var embedded = NetworkConfig.embedded(freeNetwork());
            StateFile.replace(file, embedded.toJson());
            return embedded;
        });
    }

    private static Cidr freeNetwork() {
        try (var socket = RouteSocket.open()) {
            return FreeNetwork.choose(
                    socket.routes().stream().map(Route::destination).toList());
        }
    }

    /** Whether there is an etherstub or NIC tag of that name, usable or not. */
    public boolean tagExists(String name) {
        return running().switches().exists(name);
    }

    /**
     * A name that NICs can be on.
     *
     * @param bridge the Linux bridge behind it; empty while there is a problem
     * @param uplink the link that a NIC tag leads to
     * @param address the global zone's own IPv4 address on it, if it is an etherstub with one
     * @param resolvers the DNS servers that zones on it can ask
     * @param problem why it can't be used now; empty when it can
     */
    public record Tag(
            String name,
            boolean etherstub,
            String bridge,
            Optional<String> uplink,
            Optional<Cidr> address,
            List<InetAddress> resolvers,
            Optional<String> problem) {}

    /** The MAC address of a link of the host. */
    public Optional<Mac> macOf(String link) {
        try (var socket = RouteSocket.open()) {
            return socket.link(link).flatMap(Link::mac);
        }
    }

    /** All etherstubs and NIC tags, in the order of the file. */
    public List<Tag> tags() {
        return running().switches().tags();
    }

    /**
     * Gives the NICs that a zone is about to get their addresses, on disk; {@link #attach} does it otherwise.
     *
     * @throws OpException as attach
     */
    public void prepare(ZoneNetwork zone) {
        shared(() -> {
            running().nics().prepare(zone);
            return true;
        });
    }

    /**
     * Gives a zone its NICs, in the network namespace of its init process, which hasn't begun to run the zone's own
     * program: links, addresses, routes, and the loopback. Each NIC's host end comes up last, when its protection is in
     * place. NICs that the zone has from an earlier run are taken away first.
     *
     * @return the NICs in the order given
     * @throws OpException INVALID, CONFLICT or NOT_SUPPORTED when one can't be had; nothing is attached then
     * @throws zonda.kernel.KernelException when the kernel refuses; nothing is attached then
     */
    public List<AttachedNic> attach(ZoneNetwork zone, long initPid) {
        List<AttachedNic> nics = shared(() -> running().nics().attach(zone, initPid));
        return running().nics().awaitLeases(nics, FIRST_LEASES);
    }

    /**
     * Waits for those leases of the zone's NICs that a server has not given yet.
     *
     * @return its NICs, with what the leases that are there say
     */
    public List<AttachedNic> awaitLeases(UUID zone, Duration limit) {
        return running().nics().awaitLeases(attached(zone), limit);
    }

    /** The NICs that the zone has now. */
    public List<AttachedNic> attached(UUID zone) {
        return running().attachments().of(zone).stream().map(Attachment::nic).toList();
    }

    /**
     * Changes what a NIC may send, at once.
     *
     * @throws OpException NOT_FOUND when the zone has no such NIC attached
     */
    public void protect(UUID zone, Mac mac, NicProtection protection) {
        shared(() -> {
            running().nics().protect(zone, mac, protection);
            return true;
        });
    }

    /** Takes all NICs of the zone away, with what names them elsewhere. Fine when it has none. Leases stay its own. */
    public void detachAll(UUID zone) {
        shared(() -> {
            running().nics().detachAll(zone);
            return true;
        });
    }

    /** Frees what is kept for a zone whose NICs are detached for good: its leased addresses. Fine when there is nothing. */
    public void forget(UUID zone) {
        shared(() -> {
            running().nics().forget(zone);
            return true;
        });
    }

    /**
     * Puts the kernel in order: takes away NICs of zones that don't run, whoever left them, and renews the protection
     * of those that do. Their traffic is not disturbed.
     *
     * @param lives whether the zone runs, or is on its way to; asked while no NIC can be attached, so that a zone which
     *     got its NICs a moment ago is known to whoever answers
     * @return those zones of which a NIC is missing or down, which only a restart of the zone mends
     */
    public Set<UUID> reconcile(Predicate<UUID> lives) {
        return exclusively(() -> {
            Running now = running();
            Set<UUID> living = now.attachments().zones().stream().filter(lives).collect(Collectors.toUnmodifiableSet());
            if (!antiSpoof.isLoaded()) {
                antiSpoof.load();
            }
            List<Attachment> kept = now.attachments().all().stream()
                    .filter(attachment -> living.contains(attachment.nic().zone()))
                    .toList();
            now.switches().up();
            Set<UUID> damaged = new HashSet<>(sweep(kept));
            kept.stream()
                    .map(Attachment::nic)
                    .filter(nic -> !now.nics().isServed(nic))
                    .forEach(nic -> damaged.add(nic.zone()));
            antiSpoof.replaceAll(kept.stream().map(Attachment::port).toList());
            for (UUID zone : now.attachments().zones()) {
                if (!living.contains(zone)) {
                    now.nics().forgetNics(zone);
                }
            }
            gateways.load(now.switches().etherstubs());
            now.services().start(now.switches().etherstubs());
            now.switches().dropUnused();
            return Set.copyOf(damaged);
        });
    }

    /** Deletes host ends that no record names, plugs recorded ones in again, and tells which of those are missing. */
    private Set<UUID> sweep(List<Attachment> recorded) {
        try (var socket = RouteSocket.open()) {
            Map<String, Link> ends = socket.links().stream()
                    .filter(link -> link.group() == instance.group() || link.group() == instance.dyingGroup())
                    .collect(Collectors.toMap(Link::name, link -> link));
            Set<String> known = new HashSet<>();
            Set<UUID> damaged = new HashSet<>();
            for (Attachment attachment : recorded) {
                String end = attachment.nic().hostEnd();
                known.add(end);
                Link link = ends.get(end);
                if (link == null || !link.up() || !HostEnd.plug(socket, link, attachment)) {
                    damaged.add(attachment.nic().zone());
                }
            }
            List<Link> strays = ends.values().stream()
                    .filter(link -> !known.contains(link.name()))
                    .toList();
            HostEnd.deleteAll(socket, instance, strays);
            return Set.copyOf(damaged);
        }
    }

    /** Takes away everything of this instance that is in the kernel or runs; the configuration and leases stay. */
    public void destroy() {
        exclusively(() -> {
            try (var socket = RouteSocket.open()) {
                socket.deleteGroup(instance.group());
                socket.deleteGroup(instance.dyingGroup());
            }
            new Services(instance).stopAll();
            new DhcpClients(instance).stopAll();
            new Switches(instance, new NetworkConfig(List.of(), List.of())).down();
            antiSpoof.unload();
            gateways.unload();
            forwarding.release();
            var attachments = new Attachments(instance.run().resolve("nics"));
            attachments.load();
            attachments.zones().forEach(attachments::remove);
            running = null;
            return true;
        });
    }

    /** Lets go of it all: links, dnsmasq and NICs stay as they are, for the next one to adopt. */
    @Override
    public void close() {
        running = null;
    }

    private Running running() {
        Running now = running;
        if (now == null) {
            throw new OpException(Code.FAILED, "the network of instance " + instance.prefix() + " is not up");
        }
        return now;
    }

    private <T> T shared(Supplier<T> work) {
        return Blocking.call(() -> {
            lock.readLock().lock();
            try {
                return work.get();
            } finally {
                lock.readLock().unlock();
            }
        });
    }

    private <T> T exclusively(Supplier<T> work) {
        return Blocking.call(() -> {
            lock.writeLock().lock();
            try {
                return work.get();
            } finally {
                lock.writeLock().unlock();
            }
        });
    }
}
