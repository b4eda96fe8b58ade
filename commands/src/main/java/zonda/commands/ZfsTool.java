package zonda.commands;

import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Caller;
import zonda.storage.Datasets;

/** zfs(8): the datasets of the pool. */
public final class ZfsTool implements Tool {
    static final String USAGE = """
            usage: zfs command args ...
            where 'command' is one of the following:

            	create [-p] [-o property=value] ... <filesystem>
            	create [-ps] [-b blocksize] [-o property=value] ... -V <size> <volume>
            	destroy [-fnpRrv] <filesystem|volume>
            	destroy [-dnpRrv] <filesystem>@<snap>[%<snap>][,...]
            	destroy <filesystem>#<bookmark>
            	snapshot [-r] [-o property=value] ... <filesystem@snap> ...
            	rollback [-rR] <snapshot>
            	clone [-p] [-o property=value] ... <snapshot> <filesystem>
            	promote <clone-filesystem>
            	rename [-p] <filesystem> <filesystem>
            	rename -r <snapshot> <snapshot>
            	bookmark <snapshot|bookmark> <newbookmark>
            	list [-Hp] [-j [--json-int]] [-r|-d max] [-o property[,...]] [-s property] ... [-S property] ...
            	    [-t type[,...]] [filesystem|snapshot|bookmark|path] ...
            	get [-Hp] [-j [--json-int]] [-r|-d max] [-o "all" | field[,...]] [-t type[,...]] [-s source[,...]]
            	    <"all" | property[,...]> [filesystem|snapshot|bookmark|path] ...
            	set <property=value> ... <filesystem|snapshot> ...
            	inherit [-r] <property> <filesystem|snapshot> ...
            	send [-DLPcenpvw] [-i|-I snapshot] [-R] <snapshot>
            	receive [-vnFu] [-o property=value] ... [-x property] ... <filesystem|volume|snapshot>
            	receive [-vnFu] [-o property=value] ... [-x property] ... [-d | -e] <filesystem>
            	diff [-FHth] <snapshot> [snapshot|filesystem]
            	mount [-a] [filesystem]
            	unmount <filesystem>
            	hold [-r] <tag> <snapshot> ...
            	holds [-Hpr] <snapshot> ...
            	release [-r] <tag> <snapshot> ...

            	allow <filesystem|volume>
            	allow [-ldug] <"everyone"|user|group>[,...] <perm|@setname>[,...] <filesystem|volume>
            	allow [-ld] -e <perm|@setname>[,...] <filesystem|volume>
            	allow -c <perm|@setname>[,...] <filesystem|volume>
            	allow -s @setname <perm|@setname>[,...] <filesystem|volume>
            	unallow [-rldug] <"everyone"|user|group>[,...] [<perm|@setname>[,...]] <filesystem|volume>
            	unallow [-rld] -e [<perm|@setname>[,...]] <filesystem|volume>
            	unallow [-r] -c [<perm|@setname>[,...]] <filesystem|volume>
            	unallow [-r] -s @setname [<perm|@setname>[,...]] <filesystem|volume>
            """;

    private static final Set<String> CHANGING = Set.of(
            "create",
            "snapshot",
            "snap",
            "hold",
            "release",
            "bookmark",
            "promote",
            "clone",
            "rename",
            "rollback",
            "set",
            "inherit",
            "unallow");

    /** Verbs of OpenZFS' that no driver here has anything for. */
    private static final Set<String> OF_OPENZFS_ONLY = Set.of(
            "userspace",
            "groupspace",
            "projectspace",
            "project",
            "upgrade",
            "share",
            "unshare",
            "load-key",
            "unload-key",
            "change-key",
            "redact",
            "program",
            "zone",
            "unzone",
            "jail",
            "unjail",
            "wait",
            "rewrite");

    private final Supplier<List<Datasets>> pools;
    private final ZfsView view;
    private final Function<Session, Caller> makers;

    /** @param pools the datasets of each pool that is open at the moment; never none */
    public ZfsTool(Supplier<List<Datasets>> pools) {
        this(pools, ZfsView.OF_THE_HOST, _ -> Caller.ROOT);
    }

    /** @param makers whose the datasets are that a session makes */
    ZfsTool(Supplier<List<Datasets>> pools, ZfsView view, Function<Session, Caller> makers) {
        this.pools = pools;
        this.view = view;
        this.makers = makers;
    }

    /** Those of the pool that the first name among the words is of; of the first pool when none is. */
    private static Datasets meant(List<Datasets> all, List<String> words) {
        for (String word : words) {
            for (Datasets datasets : all) {
                if (ZfsSelection.isOf(datasets, word)) {
                    return datasets;
                }
            }
        }
        return all.getFirst();
    }

    @Override
    public String name() {
        return "zfs";
    }

    @Override
    public int run(Session session) {
        List<String> words = session.arguments();
        if (words.isEmpty()) {
            session.err("missing command");
            session.errRaw(USAGE);
            return Code.USAGE.exitStatus();
        }
        if (List.of("help", "-?", "--help", "-h").contains(words.getFirst())) {
            session.out(USAGE);
            return 0;
        }
        try {
            List<String> arguments = words.subList(1, words.size());
            // Found out before: the command may rename what it names.
            Datasets datasets = meant(pools.get(), arguments);
            run(session, words.getFirst(), arguments);
            if (changes(words.getFirst(), arguments)) {
                ZpoolHistory.note(session, "zfs", datasets.history());
            }
            return 0;
        } catch (OpException e) {
            if (e.code() != Code.USAGE) {
                session.err(e.getMessage());
                return 1;
            }
            session.err(e.getMessage());
            session.errRaw(USAGE);
            return Code.USAGE.exitStatus();
        }
    }

    /** Whether a command that went well has changed a pool: then it is in the pool's history. */
    private static boolean changes(String verb, List<String> arguments) {
        return switch (verb) {
            case "destroy" -> !Getopt.parse(arguments, ZfsDestroying.OPTIONS).has("n");
            case "receive", "recv" ->
                !Getopt.parse(arguments, ZfsReceiving.OPTIONS).has("n");
            case "allow" -> arguments.size() > 1;
            default -> CHANGING.contains(verb);
        };
    }

    private void run(Session session, String verb, List<String> arguments) {
        List<Datasets> all = pools.get();
        Datasets datasets = meant(all, arguments);
        var listing = new ZfsListing(all, view);
        var snapshots = new ZfsSnapshots(datasets);
        var changing = new ZfsChanging(datasets, snapshots, makers.apply(session));
        switch (verb) {
            case "list" -> listing.list(session, arguments);
            case "get" -> listing.get(session, arguments);
            case "create" -> changing.create(session, arguments);
            case "destroy" -> new ZfsDestroying(datasets).destroy(session, arguments);
            case "snapshot", "snap" -> snapshots.snapshot(session, arguments);
            case "hold" -> snapshots.hold(session, arguments);
            case "holds" -> snapshots.holds(session, arguments);
            case "release" -> snapshots.release(session, arguments);
            case "bookmark" -> snapshots.bookmark(session, arguments);
            case "promote" -> changing.promote(session, arguments);
            case "clone" -> changing.copy(session, arguments);
            case "rename" -> changing.rename(session, arguments);
            case "rollback" -> changing.rollback(session, arguments);
            case "set" -> changing.set(session, arguments);
            case "inherit" -> changing.inherit(session, arguments);
            case "send" -> new ZfsSending(datasets).send(session, arguments);
            case "receive", "recv" -> new ZfsReceiving(datasets).receive(session, arguments);
            case "diff" -> new ZfsDiff(all).diff(session, arguments);
            case "allow" -> new ZfsDelegating(all).allow(session, arguments);
            case "unallow" -> new ZfsDelegating(all).unallow(arguments);
            case "mount" -> changing.mount(session, arguments);
            case "unmount", "umount" -> changing.unmount(session, arguments);
            default -> throw unknown(verb, datasets);
        }
    }

    private static OpException unknown(String verb, Datasets datasets) {
        return OF_OPENZFS_ONLY.contains(verb)
                ? new OpException(
                        Code.NOT_SUPPORTED, "cannot " + verb + ": not supported by the driver " + datasets.driverName())
                : new OpException(Code.USAGE, "unrecognized command '" + verb + "'");
    }
}
