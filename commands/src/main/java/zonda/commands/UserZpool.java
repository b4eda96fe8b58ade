package zonda.commands;

import java.util.List;
import java.util.Set;

/** zpool(8) for who isn't root: to look at pools. */
public final class UserZpool implements Tool {
    private static final Set<String> LOOKING = Set.of("list", "get", "status", "iostat", "help", "-?", "--help", "-h");

    private final ZpoolTool tool;

    public UserZpool(ZpoolTool tool) {
        this.tool = tool;
    }

    @Override
    public String name() {
        return "zpool";
    }

    @Override
    public int run(Session session) {
        List<String> words = session.arguments();
        if (!words.isEmpty() && !LOOKING.contains(words.getFirst())) {
            session.err("cannot " + words.getFirst() + ": permission denied");
            return 1;
        }
        return tool.run(session);
    }
}
