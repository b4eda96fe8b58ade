package zonda.commands;

import java.util.List;
import zonda.base.Code;

/** zonename(1): asked in the global zone, so it is global. */
public final class ZonenameTool implements Tool {
    public ZonenameTool() {}

    @Override
    public String name() {
        return "zonename";
    }

    @Override
    public int run(Session session) {
        if (session.arguments().isEmpty()) {
            session.out("global\n");
            return 0;
        }
        if (session.arguments().equals(List.of("-t"))) {
            session.out("shared\n");
            return 0;
        }
        session.err("usage: zonename [-t]");
        return Code.USAGE.exitStatus();
    }
}
