package zonda.dtrace.provider;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;

/**
 * The provider cpc: counters of the processors, which fire each time that so many events have happened. As on illumos its
 * probes come about when they are named, {@code EVENT-MODE-COUNT}, such as PAPI_tot_ins-user-100000.
 */
final class Counters {
    static final String PROVIDER = "cpc";
    /** As illumos' dcpc-min-overflow: less would leave a processor nothing else to do. */
    private static final long FEWEST = 5000;

    private static final java.util.regex.Pattern NAME =
            java.util.regex.Pattern.compile("(.+)-(user|kernel|all)-([0-9]{1,18})");
    /** Numbers of enum perf_hw_id, by PAPI's names, which illumos has, and by those of perf(1). */
    private static final Map<String, Integer> EVENTS = Map.ofEntries(
            Map.entry("PAPI_tot_cyc", 0),
            Map.entry("PAPI_tot_ins", 1),
            Map.entry("PAPI_l3_tca", 2),
            Map.entry("PAPI_l3_tcm", 3),
            Map.entry("PAPI_br_ins", 4),
            Map.entry("PAPI_br_msp", 5),
            Map.entry("PAPI_res_stl", 8),
            Map.entry("PAPI_ref_cyc", 9),
            Map.entry("cpu-cycles", 0),
            Map.entry("instructions", 1),
            Map.entry("cache-references", 2),
            Map.entry("cache-misses", 3),
            Map.entry("branch-instructions", 4),
            Map.entry("branch-misses", 5),
            Map.entry("bus-cycles", 6),
            Map.entry("stalled-cycles-frontend", 7),
            Map.entry("stalled-cycles-backend", 8),
            Map.entry("ref-cycles", 9));

    private final Path events;

    /** @param events where the kernel tells which kinds of events it has */
    Counters(Path events) {
        this.events = events;
    }

    private boolean isThere() {
        return Files.exists(events.resolve("cpu")) || Files.exists(events.resolve("cpu_core"));
    }

    /** Why there is no such probe. */
    String whyNot() {
        return isThere()
                ? "its probes are EVENT-MODE-COUNT, such as cpc:::PAPI_tot_ins-user-100000, with a count of " + FEWEST
                        + " or more"
                : "the kernel has no counters of these processors, as on most virtual machines";
    }

    /** The probe of that name. */
    Optional<Probe.Source.Counter> find(String name) {
        Matcher parts = NAME.matcher(name);
        if (!isThere() || !parts.matches() || !EVENTS.containsKey(parts.group(1))) {
            return Optional.empty();
        }
        long count = Long.parseLong(parts.group(3));
        String mode = parts.group(2);
        return count < FEWEST
                ? Optional.empty()
                : Optional.of(new Probe.Source.Counter(
                        EVENTS.get(parts.group(1)), !mode.equals("kernel"), !mode.equals("user"), count));
    }
}
