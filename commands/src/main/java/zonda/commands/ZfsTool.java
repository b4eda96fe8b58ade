package zonda.commands;

import java.util.List;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Datasets;

/** zfs(8): the datasets of the pool. */
public final class ZfsTool implements Tool {
    static final String USAGE = """
            usage: zfs command args ...
            where 'command' is one of the following:

            	create [-p] [-o property=value] ... <filesystem>
            	destroy [-rnv] <filesystem|snapshot>
            	snapshot [-r] <filesystem@snap> ...
            	rollback [-r] <snapshot>
            	clone [-p] [-o property=value] ... <snapshot> <filesystem>
            	rename [-p] <filesystem> <filesystem>
            	list [-Hpr] [-d max] [-o property[,...]] [-s property] [-S property] [-t type[,...]] [filesystem|snapshot] ...
            	get [-Hpr] [-d max] [-o "all" | field[,...]] [-t type[,...]] [-s source[,...]]
            	    <"all" | property[,...]> [filesystem|snapshot] ...
            	set <property=value> ... <filesystem> ...
            	inherit [-r] <property> <filesystem> ...
            	mount [-a] [filesystem]
            	unmount <filesystem>
            """;

    private final ZfsListing listing;
    private final ZfsChanging changing;

    public ZfsTool(Datasets datasets) {
        this.listing = new ZfsListing(datasets);
        this.changing = new ZfsChanging(datasets);
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
            run(session, words.getFirst(), words.subList(1, words.size()));
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

    private void run(Session session, String verb, List<String> arguments) {
        switch (verb) {
            case "list" -> listing.list(session, arguments);
            case "get" -> listing.get(session, arguments);
            case "create" -> changing.create(session, arguments);
            case "destroy" -> changing.destroy(session, arguments);
            case "snapshot", "snap" -> changing.snapshot(session, arguments);
            case "clone" -> changing.copy(session, arguments);
            case "rename" -> changing.rename(session, arguments);
            case "rollback" -> changing.rollback(session, arguments);
            case "set" -> changing.set(session, arguments);
            case "inherit" -> changing.inherit(session, arguments);
            case "mount" -> changing.mount(session, arguments);
            case "unmount", "umount" -> changing.unmount(session, arguments);
            default -> throw new OpException(Code.USAGE, "unrecognized command '" + verb + "'");
        }
    }
}
