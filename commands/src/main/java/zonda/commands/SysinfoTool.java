package zonda.commands;

import java.util.List;
import java.util.function.Supplier;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/** sysinfo(8): facts of the host, as JSON or as shell variables. */
public final class SysinfoTool implements Tool {
    private final Supplier<Json.Obj> facts;

    public SysinfoTool(Supplier<Json.Obj> facts) {
        this.facts = facts;
    }

    @Override
    public String name() {
        return "sysinfo";
    }

    @Override
    public int run(Session session) {
        List<String> words = session.arguments();
        Getopt options;
        try {
            // -f and -u write caches on SmartOS; there are none here, so they change nothing.
            options = Getopt.parse(words, "f p u");
        } catch (OpException e) {
            session.err("sysinfo: " + e.getMessage());
            session.err("usage: sysinfo [-f] [-p] [-u]");
            return Code.USAGE.exitStatus();
        }
        Json.Obj all = facts.get();
        session.out(options.has("p") ? parsable(all) : all.pretty() + "\n");
        return 0;
    }

    /** Lines for a shell to read: simple values only, blanks in names become underscores. */
    private static String parsable(Json.Obj all) {
        var out = new StringBuilder();
        all.members().forEach((name, value) -> {
            String text = switch (value) {
                case Json.Str(String string) -> string;
                case Json.Num _, Json.Bool _ -> value.compact();
                case Json.Null _, Json.Arr _, Json.Obj _ -> "";
            };
            if (!text.isEmpty()) {
                out.append(name.replace(' ', '_'))
                        .append("='")
                        .append(text.replace("'", "'\\''"))
                        .append("'\n");
            }
        });
        return out.toString();
    }
}
