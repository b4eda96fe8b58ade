package zonda.daemon;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.base.Bytes;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Spelling;
import zonda.base.StateFile;
import zonda.storage.PoolConfig;
import zonda.zones.IdRange;

/**
 * One instance of Zonda: what {@code etc/zonda/zondad.json} below its root says. Everything that it makes on the machine
 * derives from this, so that instances live side by side.
 *
 * @param root / on a host of its own
 * @param prefix one to three letters that begin the names of its links; z by default
 * @param pool where the pool is
 * @param poolSize of an embedded pool that has yet to be made
 * @param scrubEvery how long after a scrub of the pool the next one begins; zero for never
 * @param idBase the first id of the host that its zones' users are mapped to
 * @param adminAddress where machines' displays are served, if they are to be
 * @param http where its HTTP servers listen
 */
record DaemonConfig(
        Path root,
        String prefix,
        PoolConfig pool,
        Bytes poolSize,
        Duration scrubEvery,
        long idBase,
        Optional<InetAddress> adminAddress,
        HttpServers http) {
    private static final Set<String> KEYS = Set.of("prefix", "pool", "id_base", "admin_address", "http");
    private static final Set<String> POOL_KEYS =
            Set.of("name", "mountpoint", "devices", "driver", "size_gib", "scrub_days");
    private static final long DEFAULT_ID_BASE = 16 * IdRange.SIZE;
    private static final long DEFAULT_POOL_GIB = 20;
    private static final long MOST_GIB = 1 << 20;
    private static final long DEFAULT_SCRUB_DAYS = 7;
    private static final long MOST_SCRUB_DAYS = 366;
    private static final int MOST_PORT = 65_535;
    /** What is above is the host's to give, too, but an id is a number of 32 bits, and -1 is no id. */
    private static final long LAST_ID_BASE = (1L << 32) - (HostWiring.MOST_VMS + 1) * IdRange.SIZE;

    /** @throws OpException FAILED naming the key that is wrong */
    static DaemonConfig read(Path root) {
        Path file = root.resolve("etc/zonda/zondad.json");
        Json.Obj json = StateFile.readObject(file).orElse(Json.Obj.EMPTY);
        requireKnown(file, json, KEYS);
        Json.Obj pool = json.object("pool");
        requireKnown(file, pool, POOL_KEYS);
        String prefix = json.string("prefix", "z");
        require(
                prefix.matches("[a-z][a-z0-9]{0,2}"),
                file,
                "prefix",
                "one to three letters and digits, a letter first");
        long idBase = integer(file, json, "id_base", DEFAULT_ID_BASE);
        require(
                idBase > 0 && idBase % IdRange.SIZE == 0 && idBase <= LAST_ID_BASE,
                file,
                "id_base",
                "a multiple of " + IdRange.SIZE + ", at most " + LAST_ID_BASE);
        long size = integer(file, pool, "size_gib", DEFAULT_POOL_GIB);
        require(size >= 1 && size <= MOST_GIB, file, "pool.size_gib", "1 to " + MOST_GIB);
        long days = integer(file, pool, "scrub_days", DEFAULT_SCRUB_DAYS);
        require(days >= 0 && days <= MOST_SCRUB_DAYS, file, "pool.scrub_days", "0 to " + MOST_SCRUB_DAYS);
        String name = pool.string("name", "zones");
        Path mountpoint = pool.string("mountpoint").map(Path::of).orElse(root.resolve(name));
        List<Path> devices =
                pool.array("devices").strings().stream().map(Path::of).toList();
        Path run = root.resolve("run/zonda");
        PoolConfig config = devices.isEmpty()
                ? PoolConfig.embedded(name, mountpoint, run, root.resolve("var/lib/zonda/" + name + ".img"))
                : new PoolConfig(
                        name,
                        mountpoint,
                        run,
                        devices,
                        false,
                        Optional.of(root.resolve("var/lib/zonda/" + name + ".uuid")),
                        Optional.empty());
        return new DaemonConfig(
                root,
                prefix,
                config.withDriver(driver(file, pool)),
                Bytes.ofGiB(size),
                Duration.ofDays(days),
                idBase,
                adminAddress(file, json),
                servers(file, json.object("http")));
    }

    /** Those of vminfod(8) and vmadmd(8), where they are wanted. */
    record HttpServers(Optional<InetSocketAddress> vminfod, Optional<InetSocketAddress> vmadmd) {}

    private static HttpServers servers(Path file, Json.Obj http) {
        requireKnown(file, http, Set.of("vminfod", "vmadmd"));
        return new HttpServers(address(file, http, "vminfod"), address(file, http, "vmadmd"));
    }

    private static Optional<InetAddress> adminAddress(Path file, Json.Obj json) {
        if (!json.has("admin_address")) {
            return Optional.empty();
        }
        try {
            return Optional.of(Cidr.parseAddress(json.string("admin_address", "")));
        } catch (OpException e) {
            throw new OpException(
                    Code.FAILED, file + ": \"admin_address\" must be one of this host's addresses, as 10.0.0.2", e);
        }
    }

    private static Optional<InetSocketAddress> address(Path file, Json.Obj http, String key) {
        if (!http.has(key)) {
            return Optional.empty();
        }
        String text = http.string(key, "");
        int colon = text.lastIndexOf(':');
        String port = text.substring(colon + 1);
        boolean right = colon > 0
                && text.substring(0, colon).matches("[0-9.]+|\\[[0-9a-f:]+]")
                && port.matches("[0-9]{1,5}")
                && Integer.parseInt(port) <= MOST_PORT;
        require(right, file, "http." + key, "an address and a port, such as \"127.0.0.1:9090\"");
        return Optional.of(new InetSocketAddress(text.substring(0, colon), Integer.parseInt(port)));
    }

    private static Optional<PoolConfig.Driver> driver(Path file, Json.Obj pool) {
        require(
                !pool.has("driver") || pool.string("driver").isPresent(),
                file,
                "pool.driver",
                "\"auto\", \"btrfs\" or \"openzfs\"");
        return switch (pool.string("driver", "auto")) {
            case "auto" -> Optional.empty();
            case "btrfs" -> Optional.of(PoolConfig.Driver.BTRFS);
            case "openzfs" -> Optional.of(PoolConfig.Driver.OPENZFS);
            default ->
                throw new OpException(
                        Code.FAILED, file + ": \"pool.driver\" must be \"auto\", \"btrfs\" or \"openzfs\"");
        };
    }

    private static long integer(Path file, Json.Obj object, String key, long otherwise) {
        require(!object.has(key) || object.integer(key).isPresent(), file, key, "a whole number");
        return object.integer(key, otherwise);
    }

    private static void require(boolean holds, Path file, String key, String what) {
        if (!holds) {
            throw new OpException(Code.FAILED, file + ": \"" + key + "\" must be " + what);
        }
    }

    private static void requireKnown(Path file, Json.Obj object, Set<String> known) {
        for (String key : object.members().keySet()) {
            if (!known.contains(key)) {
                Optional<String> near = Spelling.nearest(key, known);
                throw new OpException(
                        Code.FAILED,
                        file + ": unknown key \"" + key + "\""
                                + near.map(word -> " (did you mean \"" + word + "\"?)")
                                        .orElse(""));
            }
        }
    }

    Path run() {
        return root.resolve("run/zonda");
    }

    Path state() {
        return root.resolve("var/lib/zonda");
    }

    Path socket() {
        return run().resolve("host.sock");
    }

    /** For who isn't root. */
    Path userSocket() {
        return run().resolve("user.sock");
    }

    boolean isWholeHost() {
        return root.equals(Path.of("/"));
    }
}
