package zonda.commands;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.concurrent.atomic.AtomicLong;

/** What {@code zfs send -v} says of its progress, once a second, of the snapshot that it is at. */
final class ZfsSendProgress implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofSeconds(1);
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss");

    private final Session session;
    private final boolean parsable;
    private final AtomicLong sent = new AtomicLong();
    private final Thread thread = Thread.ofVirtual().name("zfs-send-progress").unstarted(this::run);
    private volatile boolean isShown;
    private volatile String snapshot = "";
    private volatile long before;

    ZfsSendProgress(Session session, boolean parsable) {
        this.session = session;
        this.parsable = parsable;
    }

    void start() {
        isShown = true;
        thread.start();
    }

    void begins(String name) {
        before = sent.get();
        snapshot = name;
        if (isShown && !parsable) {
            session.err("TIME        SENT   SNAPSHOT " + name);
        }
    }

    OutputStream counting(OutputStream out) {
        return new FilterOutputStream(out) {
            @Override
            public void write(byte[] data, int offset, int length) throws IOException {
                out.write(data, offset, length);
                sent.addAndGet(length);
            }
        };
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(PERIOD);
                String name = snapshot;
                long bytes = sent.get() - before;
                String time = TIME.format(LocalTime.now(java.time.ZoneId.systemDefault()));
                session.err(
                        parsable
                                ? time + "\t" + bytes + "\t" + name
                                : "%s   %5s   %s".formatted(time, ZfsNumbers.human(bytes), name));
            }
        } catch (InterruptedException e) {
            // The stream is over.
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
