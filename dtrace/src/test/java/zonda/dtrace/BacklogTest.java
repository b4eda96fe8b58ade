package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BacklogTest {
    private static final int SIZE = 1 << 22;
    private static final int LENGTH = 64;

    private final Written first = new Written();
    private final Written second = new Written();
    private long now;
    private final Backlog backlog = new Backlog(List.of(first, second), SIZE, () -> now);

    /** A buffer with records of these times. */
    private static final class Written implements Backlog.Buffer {
        private final ArrayDeque<Long> times = new ArrayDeque<>();
        private boolean incomplete;

        void write(long... more) {
            LongStream.of(more).forEach(times::add);
        }

        @Override
        public boolean drain(Predicate<byte[]> sink) {
            boolean more = true;
            while (more && !incomplete && !times.isEmpty()) {
                var record = ByteBuffer.allocate(LENGTH).order(ByteOrder.nativeOrder());
                more = sink.test(record.putLong(8, times.remove()).array());
            }
            return times.isEmpty() && !incomplete;
        }

        @Override
        public long pending() {
            return (long) times.size() * LENGTH;
        }
    }

    private static List<Long> times(List<byte[]> records) {
        return records.stream()
                .map(record ->
                        ByteBuffer.wrap(record).order(ByteOrder.nativeOrder()).getLong(8))
                .sorted()
                .toList();
    }

    @Test
    void what_came_while_buffers_were_read_waits_for_what_is_older_in_one_that_was_read_before() {
        first.write(10);
        second.write(50, 120);
        now = 100;
        assertThat(times(backlog.taken())).containsExactly(10L, 50L);

        first.write(110);
        now = 200;
        assertThat(times(backlog.taken())).containsExactly(110L, 120L);
        assertThat(backlog.isLeft()).isFalse();
    }

    @Test
    void a_record_that_is_not_complete_holds_up_younger_ones_until_there_is_no_room() {
        first.incomplete = true;
        second.write(1, 2, 3);
        now = 100;
        assertThat(backlog.taken()).isEmpty();
        assertThat(backlog.isLeft()).isTrue();

        second.write(LongStream.range(4, 100_000).toArray());
        assertThat(times(backlog.taken())).startsWith(1L, 2L, 3L);
    }

    @Test
    void a_burst_has_room_beside_the_buffers() {
        first.write(LongStream.range(0, SIZE / LENGTH / 2).toArray());
        assertThat(backlog.isFilling()).isTrue();

        backlog.fill();

        assertThat(backlog.isFilling()).isFalse();
    }

    @Test
    void more_than_there_is_room_for_comes_in_order_and_to_its_end() {
        int number = 500_000;
        first.write(LongStream.range(0, number).filter(i -> i % 10 != 0).toArray());
        second.write(LongStream.range(0, number).filter(i -> i % 10 == 0).toArray());
        now = number;

        var all = new ArrayList<Long>();
        int times = 0;
        do {
            List<Long> some = times(backlog.rest());
            assertThat(some.size()).isLessThan(number / 4);
            all.addAll(some);
            times++;
        } while (backlog.isLeft());

        assertThat(times).isGreaterThan(4);
        assertThat(all).hasSize(number).isSorted();
    }
}
