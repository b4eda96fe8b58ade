package zonda.network;

import java.net.InetAddress;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.base.StateFile;

/**
 * The addresses that we gave to NICs with {@code dhcp}, on disk. A NIC keeps its address over restarts of its zone and of
 * the machine; only when a range is full is the address of a zone that isn't running given to another.
 */
final class Leases {
    private final Path file;
    private final ReentrantLock lock = new ReentrantLock();
    /** What the file says: by etherstub and MAC, oldest first. */
    private final Map<String, Map<Mac, Lease>> leases = new LinkedHashMap<>();

    Leases(Path file) {
        this.file = file;
    }

    /** Reads what was given before. @throws OpException FAILED naming the file when it can't be understood */
    void load() {
        lock.lock();
        try {
            leases.clear();
            Json.Obj written = StateFile.readObject(file).orElse(Json.Obj.EMPTY);
            for (String stub : written.members().keySet()) {
                leases.put(stub, read(written.object(stub)));
            }
        } catch (IllegalArgumentException e) {
            throw new OpException(Code.FAILED, "read " + file + ": " + e.getMessage(), e);
        } finally {
            lock.unlock();
        }
    }

    private static Map<Mac, Lease> read(Json.Obj written) {
        Map<Mac, Lease> leases = new LinkedHashMap<>();
        for (String mac : written.members().keySet()) {
            Json.Obj entry = written.object(mac);
            var lease = new Lease(
                    UUID.fromString(entry.string("zone", "")),
                    Mac.parse(mac),
                    Cidr.parseAddress(entry.string("ip", "")));
            leases.put(lease.mac(), lease);
        }
        return leases;
    }

    /** Who has an address. */
    record Lease(UUID zone, Mac mac, InetAddress address) {}

    /**
     * The NIC's address on the etherstub, the one it had if it had one.
     *
     * @param used addresses that other NICs have without a lease
     * @param running whether a zone's NICs are attached now
     * @throws OpException CONFLICT when all are given
     */
    InetAddress lease(Etherstub stub, UUID zone, Mac mac, Set<InetAddress> used, Predicate<UUID> running) {
        DhcpRange range = stub.dhcp()
                .orElseThrow(() -> new OpException(
                        Code.INVALID, "etherstub " + stub.name() + " gives no addresses: it has no \"dhcp\" range"));
        lock.lock();
        try {
            Map<Mac, Lease> given = on(stub.name());
            Lease old = given.get(mac);
            if (old != null
                    && old.zone().equals(zone)
                    && range.contains(old.address())
                    && !used.contains(old.address())) {
                return old.address();
            }
            given.remove(mac);
            InetAddress address = free(range, given, used)
                    .or(() -> reclaim(range, given, used, running))
                    .orElseThrow(() -> new OpException(
                            Code.CONFLICT, "all " + range.size() + " dhcp addresses of " + stub.name() + " are given"));
            given.put(mac, new Lease(zone, mac, address));
            write();
            return address;
        } finally {
            lock.unlock();
        }
    }

    private static Optional<InetAddress> free(DhcpRange range, Map<Mac, Lease> leases, Set<InetAddress> used) {
        Set<InetAddress> taken = new HashSet<>(used);
        leases.values().forEach(lease -> taken.add(lease.address()));
        for (long i = 0; i < range.size(); i++) {
            if (!taken.contains(range.nth(i))) {
                return Optional.of(range.nth(i));
            }
        }
        return Optional.empty();
    }

    private static Optional<InetAddress> reclaim(
            DhcpRange range, Map<Mac, Lease> leases, Set<InetAddress> used, Predicate<UUID> running) {
        Optional<Lease> idle = leases.values().stream()
                .filter(lease -> !running.test(lease.zone()))
                .filter(lease -> range.contains(lease.address()) && !used.contains(lease.address()))
                .findFirst();
        idle.ifPresent(lease -> leases.remove(lease.mac()));
        return idle.map(Lease::address);
    }

    /** Who holds the address on the etherstub. */
    Optional<Lease> holder(String stub, InetAddress address) {
        lock.lock();
        try {
            return on(stub).values().stream()
                    .filter(lease -> lease.address().equals(address))
                    .findFirst();
        } finally {
            lock.unlock();
        }
    }

    /** Frees what the zone has, on all etherstubs. */
    void forget(UUID zone) {
        lock.lock();
        try {
            boolean changed = false;
            for (Map<Mac, Lease> given : leases.values()) {
                changed |= given.values().removeIf(lease -> lease.zone().equals(zone));
            }
            if (changed) {
                write();
            }
        } finally {
            lock.unlock();
        }
    }

    private Map<Mac, Lease> on(String stub) {
        return leases.computeIfAbsent(stub, _ -> new LinkedHashMap<>());
    }

    private void write() {
        Json.Obj all = Json.object();
        for (var stub : leases.entrySet()) {
            Map<String, Json> entries = new LinkedHashMap<>();
            for (Lease lease : stub.getValue().values()) {
                entries.put(
                        lease.mac().toString(),
                        Json.object()
                                .with("ip", Cidr.text(lease.address()))
                                .with("zone", lease.zone().toString()));
            }
            all = all.with(stub.getKey(), new Json.Obj(entries));
        }
        StateFile.replace(file, all);
    }
}
