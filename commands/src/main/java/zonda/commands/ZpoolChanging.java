package zonda.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Pool;
import zonda.storage.PoolHealth;

/** The verbs of zpool(8) that look after a pool's data and devices. */
final class ZpoolChanging {
    private static final List<String> REDUNDANT = List.of("raidz", "raidz1", "raidz2", "raidz3", "draid");
    private static final List<String> SPECIAL = List.of("log", "cache", "spare", "special", "dedup");

    /** Those of zpoolprops(7) that OpenZFS lets be set. */
    private static final List<String> SETTABLE = List.of(
            "altroot",
            "ashift",
            "autoexpand",
            "autoreplace",
            "autotrim",
            "bootfs",
            "cachefile",
            "comment",
            "compatibility",
            "dedup_table_quota",
            "delegation",
            "failmode",
            "listsnapshots",
            "multihost",
            "readonly",
            "version");

    private final List<Pool> pools;

    ZpoolChanging(List<Pool> pools) {
        this.pools = pools;
    }

    void scrub(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "s p w");
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing pool name argument");
        }
        if (options.has("s") && options.has("p")) {
            throw new OpException(Code.USAGE, "invalid option combination: -s and -p are mutually exclusive");
        }
        if (options.has("w") && (options.has("s") || options.has("p"))) {
            throw new OpException(Code.USAGE, "invalid option combination: -w cannot be used with -p or -s");
        }
        for (Pool pool : ZpoolTool.named(pools, options.operands())) {
            PoolHealth health = pool.health();
            if (options.has("s")) {
                health.cancelScrub();
            } else if (options.has("p")) {
                health.pauseScrub();
            } else {
                health.startScrub();
            }
            if (options.has("w")) {
                health.awaitScrub();
            }
        }
    }

    void await(List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "t= H p");
        List<String> operands = options.operands();
        if (operands.isEmpty()) {
            throw new OpException(Code.USAGE, "missing 'pool' argument");
        }
        Pool pool = ZpoolTool.require(pools, operands.getFirst());
        List<String> activities = options.value("t")
                .map(list -> List.of(list.split(",")))
                .orElse(List.of("scrub", "resilver", "replace", "remove"));
        if (activities.contains("scrub")) {
            pool.health().awaitScrub();
        }
        if (activities.stream().anyMatch(List.of("resilver", "replace", "remove")::contains)) {
            pool.devices().await();
        }
    }

    void clear(List<String> arguments) {
        List<String> operands = operands(Getopt.parse(arguments, "n F"), 1, 2, "missing pool name");
        Pool pool = ZpoolTool.require(pools, operands.getFirst());
        pool.health().clear(operands.size() > 1 ? Optional.of(operands.get(1)) : Optional.empty());
    }

    void attach(List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f s w o=");
        List<String> operands = operands(options, 3, 3, "missing <new_device> specification");
        Pool pool = ZpoolTool.require(pools, operands.getFirst());
        pool.devices().attach(operands.get(1), path(operands.get(2)), options.has("f"));
        awaitIf(options.has("w"), pool);
    }

    void detach(List<String> arguments) {
        List<String> operands = operands(Getopt.parse(arguments, ""), 2, 2, "missing <device> specification");
        Pool pool = ZpoolTool.require(pools, operands.getFirst());
        pool.devices().detach(operands.get(1));
        // As OpenZFS': it is out of the mirror when the command returns.
        pool.devices().await();
    }

    void replace(List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f s w o=");
        List<String> operands = operands(options, 2, 3, "missing <device> specification");
        Pool pool = ZpoolTool.require(pools, operands.getFirst());
        String old = operands.get(1);
        String by = operands.size() > 2 ? operands.get(2) : old;
        pool.devices().replace(old, path(by), options.has("f"));
        awaitIf(options.has("w"), pool);
    }

    void add(List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f n P L g o=");
        List<String> operands = operands(options, 2, Integer.MAX_VALUE, "missing vdev specification");
        Pool pool = ZpoolTool.require(pools, operands.getFirst());
        List<String> devices = devices(pool, operands.subList(1, operands.size()));
        if (options.has("n")) {
            return;
        }
        pool.devices().add(devices, options.has("f"));
        pool.devices().await();
    }

    void remove(List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "n p s w");
        List<String> operands = operands(options, 2, Integer.MAX_VALUE, "missing device");
        Pool pool = ZpoolTool.require(pools, operands.getFirst());
        if (options.has("s")) {
            throw new OpException(
                    Code.NOT_SUPPORTED,
                    "cannot cancel removal: a device's removal can't be stopped here (driver " + pool.driverName()
                            + ")");
        }
        for (String device : operands.subList(1, operands.size())) {
            pool.devices().remove(device);
            awaitIf(options.has("w") || operands.size() > 2, pool);
        }
    }

    void offline(List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "t");
        List<String> operands = operands(options, 2, Integer.MAX_VALUE, "missing device name");
        Pool pool = ZpoolTool.require(pools, operands.getFirst());
        operands.subList(1, operands.size()).forEach(device -> pool.devices().offline(device, options.has("t")));
    }

    void online(List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "e");
        List<String> operands = operands(options, 2, Integer.MAX_VALUE, "missing device name");
        Pool pool = ZpoolTool.require(pools, operands.getFirst());
        operands.subList(1, operands.size()).forEach(device -> pool.devices().online(device, options.has("e")));
    }

    /** A pool of Zonda's has nothing to be set: each case is said by name. */
    void set(List<String> arguments) {
        List<String> words = Getopt.parse(arguments, "").operands();
        if (words.isEmpty()) {
            throw new OpException(Code.USAGE, "missing property=value argument");
        }
        if (words.size() < 2) {
            throw new OpException(Code.USAGE, "missing pool name");
        }
        int equals = words.getFirst().indexOf('=');
        if (equals <= 0) {
            throw new OpException(Code.USAGE, "missing value in property=value argument");
        }
        String property = words.getFirst().substring(0, equals);
        Pool pool = ZpoolTool.require(pools, words.get(1));
        String refusal = "cannot set property for '" + words.get(1) + "': ";
        boolean isSettable = SETTABLE.contains(property) || property.indexOf(':') >= 0;
        if (!isSettable && ZpoolListing.isTold(pool, property)) {
            throw new OpException(Code.INVALID, refusal + "'" + property + "' is readonly");
        }
        if (!isSettable) {
            throw new OpException(Code.INVALID, refusal + "invalid property '" + property + "'");
        }
        throw new OpException(
                Code.NOT_SUPPORTED,
                refusal + "'" + property + "' is not supported by the driver " + pool.driverName()
                        + (pool.driverName().equals("OpenZFS") ? "; OpenZFS' own zpool sets it" : ""));
    }

    private static void awaitIf(boolean wanted, Pool pool) {
        if (wanted) {
            pool.devices().await();
        }
    }

    private static List<String> operands(Getopt options, int least, int most, String missing) {
        List<String> operands = options.operands();
        if (operands.isEmpty()) {
            throw new OpException(Code.USAGE, "missing pool name argument");
        }
        if (operands.size() < least) {
            throw new OpException(Code.USAGE, missing);
        }
        if (operands.size() > most) {
            throw new OpException(Code.USAGE, "too many arguments");
        }
        return operands;
    }

    /** The devices of a vdev specification, zpoolconcepts(7): on btrfs all mirrors of a pool are one. */
    private static List<String> devices(Pool pool, List<String> words) {
        List<String> devices = new ArrayList<>();
        for (String word : words) {
            if (REDUNDANT.contains(word.replaceFirst(":.*", "")) || SPECIAL.contains(word)) {
                throw new OpException(
                        Code.NOT_SUPPORTED,
                        "invalid vdev specification: '" + word + "' is not supported by the driver "
                                + pool.driverName());
            }
            if (!word.equals("mirror")) {
                devices.add(path(word));
            }
        }
        if (devices.isEmpty()) {
            throw new OpException(Code.INVALID, "invalid vdev specification: mirror requires at least 2 devices");
        }
        return devices;
    }

    private static String path(String device) {
        return device.startsWith("/") ? device : "/dev/" + device;
    }
}
