package zonda.dtrace.output;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import zonda.dtrace.code.Maps;

class SpeculationsTest {
    private static final int FIRST = use(1, 2);
    private static final int SECOND = use(3, 2);
    private static final long ROOM = 1 << 10;

    private final Speculations speculations = new Speculations();

    private static int use(int taken, int number) {
        return taken << Maps.SPECULATION_BITS | number;
    }

    private static byte[] record() {
        return new byte[Maps.RECORD_HEADER + 8];
    }

    @Test
    void records_wait_for_the_end_of_their_use() {
        byte[] record = record();
        speculations.add(FIRST, record, ROOM);
        speculations.add(use(1, 3), record(), ROOM);
        assertThat(speculations.end(FIRST)).containsExactly(record);
        assertThat(speculations.end(FIRST)).isEmpty();
    }

    @Test
    void records_that_are_late_are_not_those_of_the_next_use() {
        byte[] record = record();
        speculations.end(FIRST);
        speculations.add(FIRST, record(), ROOM);
        speculations.add(SECOND, record, ROOM);
        speculations.add(FIRST, record(), ROOM);
        assertThat(speculations.end(SECOND)).containsExactly(record);
        assertThat(speculations.end(FIRST)).isEmpty();
    }

    @Test
    void the_count_of_uses_starts_again() {
        byte[] record = record();
        speculations.end(use(-1, 2));
        speculations.add(FIRST, record, ROOM);
        assertThat(speculations.end(FIRST)).containsExactly(record);
    }

    @Test
    void no_use_ends_nothing() {
        speculations.add(FIRST, record(), ROOM);
        assertThat(speculations.end(0)).isEmpty();
        assertThat(speculations.end(FIRST)).hasSize(1);
    }
}
