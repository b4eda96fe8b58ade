package zonda.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

class LineReaderTest {
    private final Serial serial = new Serial();
    private final LineReader lines = new LineReader(serial, 64, new MemoryShare(64), () -> serial.nanos);

    /** What comes piece by piece, each after a time. */
    private static final class Serial implements ReadableByteChannel {
        private final Deque<byte[]> pieces = new ArrayDeque<>();
        private final Deque<Duration> waits = new ArrayDeque<>();
        private long nanos;

        Serial after(long millis, String piece) {
            waits.add(Duration.ofMillis(millis));
            pieces.add(piece.getBytes(StandardCharsets.US_ASCII));
            return this;
        }

        @Override
        public int read(ByteBuffer to) {
            if (pieces.isEmpty()) {
                return -1;
            }
            nanos += waits.remove().toNanos();
            byte[] piece = pieces.remove();
            to.put(piece);
            return piece.length;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    void lines_come_in_pieces_and_several_at_a_time() throws IOException {
        serial.after(0, "GET").after(5000, " a\nKEYS\n").after(0, "half");

        assertThat(lines.next()).contains("GET a");
        assertThat(lines.next()).contains("KEYS");
        assertThat(lines.next()).isEmpty();
    }

    @Test
    void a_carriage_return_that_nothing_follows_for_long_is_no_part_of_the_next_line() throws IOException {
        serial.after(0, "Booting `Debian'\n\r\n").after(3, "\r").after(4000, "\nKEYS\n");

        assertThat(lines.next()).contains("Booting `Debian'");
        assertThat(lines.next()).contains("\r");
        assertThat(lines.next()).contains("");
        assertThat(lines.next()).contains("KEYS");
    }

    @Test
    void one_that_more_follows_soon_is_part_of_it() throws IOException {
        serial.after(0, "Welcome to GRUB!\n\r").after(900, "\n");

        assertThat(lines.next()).contains("Welcome to GRUB!");
        assertThat(lines.next()).contains("\r");
    }
}
