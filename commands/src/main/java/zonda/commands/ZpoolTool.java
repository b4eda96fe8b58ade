package zonda.commands;

import java.util.List;
import java.util.Set;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Pool;
import zonda.storage.PoolRegistry;

/** zpool(8): picks the verb. */
public final class ZpoolTool implements Tool {
    private static final String USAGE = """
            usage: zpool command args ...
            where 'command' is one of the following:

            	create [-fn] [-o property=value] ... [-O file-system-property=value] ...
            	    [-m mountpoint] [-R root] <pool> [mirror] <device> ...
            	destroy [-f] <pool>
            	export [-af] <pool> ...
            	import [-d dir|device] ...
            	import -a [-fN] [-d dir|device] ... [-o property=value] ... [-R root]
            	import [-fN] [--rebuild] [-d dir|device] ... [-o property=value] ... [-R root] <pool|id>
            	    [newpool]

            	add [-f] <pool> <vdev> ...
            	remove [-w] <pool> <device> ...

            	list [-Hp] [-j [--json-int, --json-pool-key-guid]] [-o property[,...]] [pool] ...
            	iostat [-Hpy] [pool] ... [interval [count]]
            	status [-vxPp] [-j [--json-int, --json-pool-key-guid]] [pool] ...
            	set <property=value> <pool>
            	get [-Hp] [-j [--json-int, --json-pool-key-guid]] [-o "all" | field[,...]]
            	    <"all" | property[,...]> [pool] ...

            	attach [-fw] <pool> <device> <new-device>
            	detach <pool> <device>
            	replace [-fw] <pool> <device> [new-device]

            	online [-e] <pool> <device> ...
            	offline [-t] <pool> <device> ...

            	scrub [-s | -p] [-w] <pool> ...
            	clear <pool> [device]
            	wait [-t <activity>[,...]] <pool>
            	events [-vHfc] [pool]
            	history [-il] [pool] ...
            """;

    private static final Set<String> COMING = Set.of("create", "import");
    private static final Set<String> CHANGING =
            Set.of("scrub", "clear", "attach", "detach", "replace", "add", "remove", "online", "offline");

    /** Verbs of OpenZFS' that no driver here has anything for. */
    private static final Set<String> OF_OPENZFS_ONLY = Set.of(
            "upgrade",
            "trim",
            "initialize",
            "split",
            "checkpoint",
            "labelclear",
            "reguid",
            "reopen",
            "resilver",
            "sync",
            "ddtprune",
            "prefetch");

    private final PoolRegistry registry;

    public ZpoolTool(PoolRegistry registry) {
        this.registry = registry;
    }

    @Override
    public String name() {
        return "zpool";
    }

    @Override
    public int run(Session session) {
        List<String> words = session.arguments();
        try {
            String verb = words.isEmpty() ? "" : words.getFirst();
            List<String> arguments = words.isEmpty() ? words : words.subList(1, words.size());
            List<Pool> before = registry.pools();
            run(verb, session, arguments);
            note(verb, session, before);
            return 0;
        } catch (OpException e) {
            session.err(e.getMessage());
            if (e.code() == Code.USAGE) {
                session.errRaw(USAGE);
                return Code.USAGE.exitStatus();
            }
            return 1;
        }
    }

    /** What ends with a pool that is open, and has changed it, is in its history. */
    private void note(String verb, Session session, List<Pool> before) {
        boolean comes = COMING.contains(verb);
        if (comes || CHANGING.contains(verb)) {
            registry.pools().stream()
                    .filter(pool -> comes
                            ? !before.contains(pool)
                            : session.arguments().contains(pool.config().name()))
                    .forEach(pool ->
                            ZpoolHistory.note(session, "zpool", pool.datasets().history()));
        }
    }

    private void run(String verb, Session session, List<String> arguments) {
        List<Pool> pools = registry.pools();
        var coming = new ZpoolPools(registry);
        var listing = new ZpoolListing(pools);
        var changing = new ZpoolChanging(pools);
        switch (verb) {
            case "create" -> coming.create(session, arguments);
            case "destroy" -> coming.destroy(arguments);
            case "export" -> coming.export(arguments);
            case "import" -> coming.importPools(session, arguments);
            case "list" -> listing.list(session, arguments);
            case "get" -> listing.get(session, arguments);
            case "iostat" -> new ZpoolTraffic(pools).iostat(session, arguments);
            case "status" -> new ZpoolStatus(pools).status(session, arguments);
            case "history" -> ZpoolHistory.tell(session, pools, arguments);
            case "events" -> new ZpoolEvents(pools).events(session, arguments);
            case "scrub" -> changing.scrub(session, arguments);
            case "wait" -> changing.await(arguments);
            case "clear" -> changing.clear(arguments);
            case "attach" -> changing.attach(arguments);
            case "detach" -> changing.detach(arguments);
            case "replace" -> changing.replace(arguments);
            case "add" -> changing.add(arguments);
            case "online" -> changing.online(arguments);
            case "offline" -> changing.offline(arguments);
            case "set" -> changing.set(arguments);
            case "remove" -> changing.remove(arguments);
            case "help", "-?", "-h", "--help" -> session.out(USAGE);
            case "" -> throw new OpException(Code.USAGE, "missing command");
            default -> throw unknown(verb, pools);
        }
    }

    private static OpException unknown(String verb, List<Pool> pools) {
        return OF_OPENZFS_ONLY.contains(verb)
                ? new OpException(
                        Code.NOT_SUPPORTED,
                        "cannot " + verb + ": not supported by the driver "
                                + pools.getFirst().driverName())
                : new OpException(Code.USAGE, "unrecognized command '" + verb + "'");
    }

    /** The pool of that name. @throws OpException NOT_FOUND in OpenZFS' words */
    static Pool require(List<Pool> pools, String name) {
        return pools.stream()
                .filter(pool -> pool.config().name().equals(name))
                .findFirst()
                .orElseThrow(() -> new OpException(Code.NOT_FOUND, "cannot open '" + name + "': no such pool"));
    }

    /** The pools of those names, or all when none is given. */
    static List<Pool> named(List<Pool> pools, List<String> names) {
        return names.isEmpty()
                ? pools
                : names.stream().map(name -> require(pools, name)).toList();
    }
}
