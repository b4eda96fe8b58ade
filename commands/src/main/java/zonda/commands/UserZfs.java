package zonda.commands;

import java.util.List;
import java.util.function.Supplier;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Datasets;

/** zfs(8) for who isn't root: as much of the host's own as {@link UserZfsGate} lets through. */
public final class UserZfs implements Tool {
    private final Supplier<List<Datasets>> pools;
    private final ZfsTool tool;

    public UserZfs(Supplier<List<Datasets>> pools) {
        this.pools = pools;
        this.tool = new ZfsTool(pools, ZfsView.OF_THE_HOST, Session::caller);
    }

    @Override
    public String name() {
        return "zfs";
    }

    @Override
    public int run(Session session) {
        List<String> words = session.arguments();
        if (!words.isEmpty() && !List.of("help", "-?", "--help", "-h").contains(words.getFirst())) {
            try {
                requirePrintable(words);
                new UserZfsGate(pools.get(), session.caller()).check(words);
            } catch (OpException e) {
                session.err(e.getMessage());
                if (e.code() == Code.USAGE) {
                    session.errRaw(ZfsTool.USAGE);
                    return Code.USAGE.exitStatus();
                }
                return 1;
            }
        }
        return tool.run(session);
    }

    /** The words are in the pool's history and in listings, where a line of a user's making could pass for another. */
    static void requirePrintable(List<String> words) {
        if (words.stream().anyMatch(word -> word.chars().anyMatch(Character::isISOControl))) {
            throw new OpException(Code.INVALID, "control characters are not allowed in the commands of users");
        }
    }
}
