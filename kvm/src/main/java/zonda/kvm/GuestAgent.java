package zonda.kvm;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/**
 * A connection to QEMU's guest agent, a program that a guest may run (docs/interop/qemu-ga-ref). The guest answers what it
 * likes, and when: every wait has an end, and so has every answer.
 */
public final class GuestAgent implements AutoCloseable {
    private static final Duration SYNC = Duration.ofSeconds(10);
    /** Writing all that the guest has in its memory takes its time. */
    private static final Duration FREEZE = Duration.ofSeconds(30);

    private static final Duration CLOCK = Duration.ofSeconds(10);

    private static final int LONGEST_ANSWER = 65_536;
    /**
     * Ends whatever was half said before: it is in no JSON, and the agent answers it with an error of its own. Before
     * anything but a sync, that would be taken for the answer, and the agent would be left while it has another to give:
     * then it tries to without a pause, and hears no signal, until somebody connects again.
     */
    private static final byte SENTINEL = (byte) 0xff;

    private final SocketChannel channel;
    private final InputStream input;

    private GuestAgent(SocketChannel channel) {
        this.channel = channel;
        this.input = new BufferedInputStream(Channels.newInputStream(channel));
    }

    /** @throws OpException FAILED when no agent answers there soon */
    public static GuestAgent connect(Path socket) {
        var agent = new GuestAgent(SerialPort.connect(socket));
        try {
            agent.sync();
            return agent;
        } catch (RuntimeException e) {
            agent.close();
            throw e;
        }
    }

    /** What is left of an earlier conversation is read away. */
    private void sync() {
        long id = ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE);
        write(new byte[] {SENTINEL});
        send(Json.object()
                .with("execute", "guest-sync-delimited")
                .with("arguments", Json.object().with("id", id)));
        within(SYNC, "guest-sync-delimited", () -> {
            while (answer().integer("return", -1) != id) {
                // The answer to somebody else's question, or to the sentinel.
            }
            return true;
        });
    }

    /**
     * Has the guest write all that it has in its memory, and keep its filesystems from being written to until {@link
     * #thaw}.
     *
     * @throws OpException FAILED when it does not; it may have begun to
     */
    public void freeze() {
        execute("guest-fsfreeze-freeze", FREEZE);
    }

    /** Lets the guest's filesystems be written to again; does nothing when they may be. @throws OpException FAILED */
    public void thaw() {
        execute("guest-fsfreeze-thaw", FREEZE);
    }

    /** Sets the guest's clock. @throws OpException FAILED, also when the clock was set and not its hardware's */
    public void setTime(Instant now) {
        long nanoseconds = now.getEpochSecond() * 1_000_000_000 + now.getNano();
        execute("guest-set-time", Json.object().with("time", nanoseconds), CLOCK);
    }

    private void execute(String command, Duration limit) {
        execute(command, Json.Obj.EMPTY, limit);
    }

    private void execute(String command, Json.Obj arguments, Duration limit) {
        Json.Obj request = Json.object().with("execute", command);
        send(arguments.members().isEmpty() ? request : request.with("arguments", arguments));
        Json.Obj answer = within(limit, command, this::answer);
        if (answer.has("error")) {
            throw new OpException(
                    Code.FAILED,
                    "the guest's agent: " + command + ": "
                            + answer.object("error").string("desc", "failed"));
        }
    }

    private void send(Json.Obj request) {
        write((request.compact() + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private void write(byte[] bytes) {
        try {
            for (var left = ByteBuffer.wrap(bytes); left.hasRemaining(); ) {
                channel.write(left);
            }
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "write to the guest's agent: " + e.getMessage(), e);
        }
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    private <T> T within(Duration limit, String what, Reading<T> reading) {
        var read = CompletableFuture.supplyAsync(
                        () -> {
                            try {
                                return reading.read();
                            } catch (IOException e) {
                                throw new CompletionException(e);
                            }
                        },
                        work -> Thread.ofVirtual().name("guest-agent").start(work))
                .orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return read.join();
        } catch (CompletionException e) {
            throw new OpException(Code.FAILED, "the guest's agent: " + what + ": " + e.getCause(), e);
        }
    }

    /** The next line that is an object. */
    private Json.Obj answer() throws IOException {
        while (true) {
            try {
                return Json.parseObject(line());
            } catch (Json.JsonSyntaxException e) {
                // A guest may say anything.
            }
        }
    }

    private String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int next = input.read(); next != '\n'; next = input.read()) {
            if (next < 0) {
                throw new IOException("it has closed the connection");
            }
            if ((byte) next == SENTINEL) {
                line.reset();
            } else if (line.size() < LONGEST_ANSWER) {
                line.write(next);
            } else {
                throw new IOException("its answer is longer than " + LONGEST_ANSWER + " bytes");
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "close the connection to the guest's agent: " + e.getMessage(), e);
        }
    }
}
