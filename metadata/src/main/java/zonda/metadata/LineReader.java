package zonda.metadata;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Reads lines of bounded length from a guest. Beyond a small buffer, memory comes out of the zone's share. */
final class LineReader implements AutoCloseable {
    private static final int SMALL = 4096;
    /** Within it a line's end comes in whole, also where the guest's CPU is emulated. */
    private static final long PAUSE = Duration.ofSeconds(1).toNanos();

    private final ReadableByteChannel channel;
    private final int longest;
    private final MemoryShare share;
    private final LongSupplier nanos;
    private byte[] buffer = new byte[SMALL];
    private int filled;
    private int searched;
    private long taken;

    LineReader(ReadableByteChannel channel, int longest, MemoryShare share) {
        this(channel, longest, share, System::nanoTime);
    }

    /** @param nanos the time, as {@link System#nanoTime} tells it */
    LineReader(ReadableByteChannel channel, int longest, MemoryShare share, LongSupplier nanos) {
        this.channel = channel;
        this.longest = longest;
        this.share = share;
        this.nanos = nanos;
    }

    /** The next line without its end, or empty at the end of the stream. @throws LineTooLong beyond the limits */
    Optional<String> next() throws IOException {
        while (true) {
            for (int i = searched; i < filled; i++) {
                if (buffer[i] == '\n') {
                    var line = new String(buffer, 0, i, StandardCharsets.UTF_8);
                    System.arraycopy(buffer, i + 1, buffer, 0, filled - i - 1);
                    filled -= i + 1;
                    searched = 0;
                    shrink();
                    return Optional.of(line);
                }
            }
            searched = filled;
            if (filled == buffer.length) {
                grow();
            }
            if (!read()) {
                return Optional.empty();
            }
        }
    }

    /** @return whether there was more */
    private boolean read() throws IOException {
        long since = nanos.getAsLong();
        int read = channel.read(ByteBuffer.wrap(buffer, filled, buffer.length - filled));
        if (read < 0) {
            return false;
        }
        if (nanos.getAsLong() - since > PAUSE && isEndOfLine()) {
            System.arraycopy(buffer, filled, buffer, 0, read);
            filled = 0;
            searched = 0;
        }
        filled += read;
        return true;
    }

    /** A boot loader ends lines with a line feed and a carriage return: what has come of the next line is none of it. */
    private boolean isEndOfLine() {
        for (int i = 0; i < filled; i++) {
            if (buffer[i] != '\r') {
                return false;
            }
        }
        return true;
    }

    private void grow() throws LineTooLong {
        int size = Math.min(longest, buffer.length * 2);
        int more = size - buffer.length;
        if (more <= 0 || !share.take(more)) {
            throw new LineTooLong();
        }
        taken += more;
        buffer = Arrays.copyOf(buffer, size);
    }

    /** Gives back what a long line took. */
    private void shrink() {
        if (taken > 0 && filled <= SMALL) {
            buffer = Arrays.copyOf(buffer, SMALL);
            share.giveBack(taken);
            taken = 0;
        }
    }

    @Override
    public void close() {
        share.giveBack(taken);
        taken = 0;
    }

    /** The guest sent more than it may without ending the line. */
    static final class LineTooLong extends IOException {
        LineTooLong() {
            super("line too long");
        }
    }
}
