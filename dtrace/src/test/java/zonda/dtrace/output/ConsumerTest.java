package zonda.dtrace.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.Options;
import zonda.dtrace.provider.View;

class ConsumerTest {
    private static final int RECORDS = 10_000;

    @Test
    void what_fills_meanwhile_is_looked_at_between_records() {
        var consumer = new Consumer(
                new Options(),
                List.of(),
                List.of(),
                new Nothing(),
                (_, _) -> Optional.empty(),
                View.ALL,
                new Silence());
        var looks = new AtomicInteger();
        List<byte[]> speculative =
                Stream.generate(ConsumerTest::speculative).limit(RECORDS).toList();

        consumer.consume(speculative, looks::incrementAndGet);

        assertThat(looks).hasValueBetween(RECORDS / 500, RECORDS / 100);
    }

    private static byte[] speculative() {
        return ByteBuffer.allocate(32)
                .order(ByteOrder.nativeOrder())
                .putInt(20, 1)
                .array();
    }

    private static final class Nothing implements Aggregations.Source {
        @Override
        public Map<Aggregations.Key, long[][]> read(Aggregate aggregate) {
            return Map.of();
        }

        @Override
        public void remove(Aggregate aggregate, Aggregations.Key key) {}

        @Override
        public void reset(Aggregate aggregate, Aggregations.Key key) {}
    }

    private static final class Silence implements Consumer.Outlet {
        @Override
        public void out(String text) {}

        @Override
        public void err(String line) {}

        @Override
        public void run(String command) {}

        @Override
        public Optional<String> reopen(String file) {
            return Optional.empty();
        }

        @Override
        public void truncate() {}
    }
}
