package zonda.dtrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CountersTest {
    @TempDir
    private Path events;

    @Test
    void a_probe_is_named_by_its_event_what_it_counts_and_how_often_it_fires() throws IOException {
        Files.createDirectory(events.resolve("cpu"));
        var counters = new Counters(events);

        assertThat(counters.find("PAPI_tot_ins-user-100000"))
                .contains(new Probe.Source.Counter(1, true, false, 100_000));
        assertThat(counters.find("cache-misses-kernel-5000")).contains(new Probe.Source.Counter(3, false, true, 5000));
        assertThat(counters.find("PAPI_br_msp-all-20000")).contains(new Probe.Source.Counter(5, true, true, 20_000));
    }

    @Test
    void what_is_no_event_or_would_fire_too_often_is_no_probe() throws IOException {
        Files.createDirectory(events.resolve("cpu_core"));
        var counters = new Counters(events);

        assertThat(counters.find("PAPI_tot_ins-user-4999")).isEmpty();
        assertThat(counters.find("PAPI_tot_ins-both-100000")).isEmpty();
        assertThat(counters.find("no-such-event-user-100000")).isEmpty();
        assertThat(counters.whyNot()).contains("5000 or more");
    }

    @Test
    void a_machine_without_counters_has_no_probes_and_says_why() {
        var counters = new Counters(events);

        assertThat(counters.find("PAPI_tot_ins-user-100000")).isEmpty();
        assertThat(counters.whyNot()).contains("no counters of these processors");
    }
}
