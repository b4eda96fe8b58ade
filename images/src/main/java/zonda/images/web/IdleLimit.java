package zonda.images.web;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/** Ends a stream of which nothing comes for too long: {@link java.net.http.HttpClient} would wait for ever. */
final class IdleLimit extends FilterInputStream {
    private final Duration limit;
    private final Thread guard;
    private volatile long lastProgress = System.nanoTime();
    private volatile boolean expired;

    IdleLimit(InputStream in, Duration limit) {
        super(in);
        this.limit = limit;
        this.guard = Thread.ofVirtual().name("idle-limit").start(this::watch);
    }

    private void watch() {
        try {
            while (true) {
                long left = limit.toNanos() - (System.nanoTime() - lastProgress);
                if (left <= 0) {
                    expired = true;
                    in.close();
                    return;
                }
                Thread.sleep(Duration.ofNanos(left));
            }
        } catch (InterruptedException e) {
            // closed
        } catch (IOException e) {
            // the reader finds out
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        try {
            int got = super.read(target, offset, length);
            lastProgress = System.nanoTime();
            if (expired) {
                throw new IOException("nothing came for " + limit.toSeconds() + " s");
            }
            return got;
        } catch (IOException e) {
            throw expired ? new IOException("nothing came for " + limit.toSeconds() + " s", e) : e;
        }
    }

    @Override
    public void close() throws IOException {
        guard.interrupt();
        super.close();
    }
}
