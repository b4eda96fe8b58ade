package zonda.commands;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;
import zonda.dtrace.CallingZone;

/** The processes of a zone, by the numbers that it gives them: proc(5), NSpid. */
final class ZoneProcesses implements CallingZone.Processes {
    private final Supplier<List<Long>> all;
    private final int level;

    /**
     * @param all the host's numbers of those in the zone's control groups
     * @param level how many PID namespaces are above the zone's
     */
    ZoneProcesses(Supplier<List<Long>> all, int level) {
        this.all = all;
        this.level = level;
    }

    @Override
    public OptionalLong find(long number) {
        return all.get().stream()
                .filter(process -> isIts(process) && number(process) == number)
                .mapToLong(Long::longValue)
                .findFirst();
    }

    @Override
    public boolean has(long process) {
        return all.get().contains(process) && isIts(process);
    }

    /** A program of the host's on its way into the zone may be in its groups already. */
    private static boolean isIts(long process) {
        Optional<Long> namespace = userNamespace(process);
        return namespace.isPresent()
                && !namespace.equals(userNamespace(ProcessHandle.current().pid()));
    }

    private long number(long process) {
        List<String> numbers = numbers(process);
        return level < numbers.size() ? Long.parseLong(numbers.get(level)) : -1;
    }

    /** How many PID namespaces are above that of a process. */
    static int level(long process) {
        return numbers(process).size() - 1;
    }

    /** The numbers of a process, in the first PID namespace and those below it. */
    private static List<String> numbers(long process) {
        try (var lines = Files.lines(Path.of("/proc/" + process + "/status"))) {
            return lines.filter(line -> line.startsWith("NSpid:"))
                    .findFirst()
                    .map(line -> List.of(line.substring(6).strip().split("\t")))
                    .orElse(List.of());
        } catch (IOException | java.io.UncheckedIOException e) {
            return List.of();
        }
    }

    /** The number of a process' user namespace; empty when it has ended. */
    static Optional<Long> userNamespace(long process) {
        try {
            String link = Files.readSymbolicLink(Path.of("/proc/" + process + "/ns/user"))
                    .toString();
            return Optional.of(Long.valueOf(link.replaceAll("[^0-9]", "")));
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
