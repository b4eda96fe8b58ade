package zonda.commands;

import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import zonda.base.StateFile;
import zonda.storage.Pool;
import zonda.storage.PoolHistory;
import zonda.storage.PoolHistory.What;

/** {@code zpool history}, and what commands leave in it. */
final class ZpoolHistory {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd.HH:mm:ss", Locale.ROOT);
    private static final java.nio.file.Path HOSTNAME = java.nio.file.Path.of("/proc/sys/kernel/hostname");
    private static final java.nio.file.Path USERS = java.nio.file.Path.of("/etc/passwd");

    private ZpoolHistory() {}

    /** Notes a command that has changed something. */
    static void note(Session session, String tool, PoolHistory history) {
        history.command(
                tool + " " + String.join(" ", session.arguments()),
                session.uid(),
                StateFile.read(HOSTNAME).orElse("").strip());
    }

    static void tell(Session session, List<Pool> pools, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "i l");
        for (Pool pool : ZpoolTool.named(pools, options.operands())) {
            var text = new StringBuilder("History for '" + pool.config().name() + "':\n");
            for (PoolHistory.Entry entry : pool.datasets().history().entries()) {
                line(entry, options).ifPresent(line -> text.append(line).append('\n'));
            }
            session.out(text.append('\n').toString());
        }
    }

    private static Optional<String> line(PoolHistory.Entry entry, Getopt options) {
        String time = TIME.format(entry.at().atZone(ZoneId.systemDefault()));
        return switch (entry.what()) {
            case What.Command command ->
                Optional.of(time + " " + command.words() + (options.has("l") ? " " + caller(command) : ""));
            case What.Event event
            when options.has("i") ->
                Optional.of("%s [txg:%d] %s %s%s %s"
                        .formatted(
                                time,
                                event.txg(),
                                event.verb(),
                                event.name(),
                                event.id() == 0 ? "" : " (" + Long.toUnsignedString(event.id()) + ")",
                                event.more())
                        .stripTrailing());
            case What.Event _ -> Optional.empty();
        };
    }

    private static String caller(What.Command command) {
        String name = StateFile.read(USERS)
                .orElse("")
                .lines()
                .map(line -> line.split(":"))
                .filter(words -> words.length > 2 && words[2].equals(String.valueOf(command.uid())))
                .map(words -> "(" + words[0] + ") ")
                .findFirst()
                .orElse("");
        return "[user " + command.uid() + " " + name + "on " + command.host() + ":linux]";
    }
}
