package zonda.storage;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import zonda.kernel.Command;

/** Users and groups by name and number, wherever the host has them from: getent(1), nsswitch.conf(5). */
public final class Accounts {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private Accounts() {}

    public static OptionalLong uid(String name) {
        return number("passwd", name);
    }

    public static OptionalLong gid(String name) {
        return number("group", name);
    }

    public static Optional<String> user(long uid) {
        return entry("passwd", String.valueOf(uid)).map(words -> words[0]);
    }

    public static Optional<String> group(long gid) {
        return entry("group", String.valueOf(gid)).map(words -> words[0]);
    }

    /** To getent(1), what looks like a number is one. */
    private static OptionalLong number(String database, String name) {
        if (!name.matches("[A-Za-z0-9_.][A-Za-z0-9_.@-]*[$]?") || name.matches("[0-9]+")) {
            return OptionalLong.empty();
        }
        return entry(database, name)
                .map(words -> OptionalLong.of(Long.parseLong(words[2])))
                .orElse(OptionalLong.empty());
    }

    private static Optional<String[]> entry(String database, String key) {
        Command.Result found = Command.of("getent", database, key).run(LIMIT);
        String[] words = found.out().strip().split(":", -1);
        return found.status() == 0 && words.length > 2 && words[2].matches("[0-9]{1,10}")
                ? Optional.of(words)
                : Optional.empty();
    }
}
