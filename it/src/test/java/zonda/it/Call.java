package zonda.it;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import zonda.base.Await;
import zonda.client.Frame;
import zonda.client.Payload;
import zonda.client.WrittenFile;

/**
 * One command as a client runs it, by the frames of {@link Frame} from within this process: quick, and its two outputs
 * apart. What it writes can be looked at while it runs.
 */
final class Call implements AutoCloseable {
    private static final int PIECE = 64 * 1024;

    private final SocketChannel channel;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final BlockingQueue<byte[]> input = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> status = new CompletableFuture<>();
    private volatile boolean raw;
    private volatile int wanted;
    private final ExecutorService givers = Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("call-input").factory());

    private Call(SocketChannel channel) {
        this.channel = channel;
    }

    /**
     * Starts a command.
     *
     * @param terminals i, o, e for each standard stream that is to count as a terminal
     */
    static Call start(Path socket, String terminals, String tool, List<String> arguments) {
        try {
            var call = new Call(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
            Payload argv = Payload.empty().put(tool).put(terminals).put("/").put(arguments.size());
            arguments.forEach(argv::put);
            argv.put(1).put("TERM").put("vt100");
            call.send(Frame.ARGV, argv.bytes());
            Thread.ofVirtual().name("call-" + tool).start(call::receive);
            return call;
        } catch (IOException e) {
            throw new UncheckedIOException("run " + tool + " at " + socket + ": " + e, e);
        }
    }

    private void receive() {
        try {
            InputStream in = new BufferedInputStream(Channels.newInputStream(channel), PIECE);
            while (!status.isDone()) {
                Frame frame = Frame.read(in);
                switch (frame.type()) {
                    case Frame.OUT -> write(out, frame);
                    case Frame.ERR -> write(err, frame);
                    case Frame.WANT_INPUT -> give();
                    case Frame.RAW -> raw = true;
                    case Frame.OPEN -> sendFile(frame.text());
                    case Frame.WRITE -> writeFile(Payload.of(frame));
                    case Frame.NAME -> nameFile(Payload.of(frame));
                    case Frame.EXIT -> status.complete(Payload.of(frame).number());
                    default -> throw new IOException("unknown frame " + frame.type());
                }
            }
        } catch (IOException e) {
            status.complete(Ran.LOST);
        }
    }

    private void write(ByteArrayOutputStream to, Frame frame) {
        synchronized (to) {
            to.writeBytes(frame.payload());
        }
    }

    /** Not on the receiving thread: output goes on while input is waited for. One piece after the other. */
    private void give() {
        wanted++;
        givers.execute(() -> {
            try {
                send(Frame.IN, input.take());
            } catch (IOException e) {
                // The command has ended.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void sendFile(String path) throws IOException {
        if (!Files.isReadable(Path.of(path))) {
            send(Frame.FILE_ERROR, (path + " (No such file or directory)").getBytes(StandardCharsets.UTF_8));
            return;
        }
        byte[] content = Files.readAllBytes(Path.of(path));
        for (int at = 0; at < content.length; at += PIECE) {
            send(Frame.FILE, Arrays.copyOfRange(content, at, Math.min(content.length, at + PIECE)));
        }
        send(Frame.FILE, new byte[0]);
    }

    private void writeFile(Payload request) throws IOException {
        String path = request.string();
        boolean append = request.number() == 1;
        try (var file = new FileOutputStream(path, append)) {
            file.write(request.data());
        } catch (IOException e) {
            send(Frame.FILE_ERROR, String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8));
            return;
        }
        send(Frame.FILE, new byte[0]);
    }

    private void nameFile(Payload request) throws IOException {
        try {
            WrittenFile.name(request.string(), request.string());
        } catch (IOException e) {
            send(Frame.FILE_ERROR, String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8));
            return;
        }
        send(Frame.FILE, new byte[0]);
    }

    private synchronized void send(byte type, byte[] data) throws IOException {
        Frame.write(channel, type, data, 0, data.length);
    }

    /** What it reads next; nothing is sent before it asks. */
    Call type(byte[] bytes) {
        for (int at = 0; at < bytes.length; at += PIECE) {
            input.add(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + PIECE)));
        }
        return this;
    }

    Call type(String text) {
        return type(text.getBytes(StandardCharsets.UTF_8));
    }

    Call endInput() {
        input.add(new byte[0]);
        return this;
    }

    Call resize(int rows, int columns) {
        try {
            send(Frame.RESIZE, Payload.empty().put(rows).put(columns).bytes());
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean isRaw() {
        return raw;
    }

    /** How often it has asked for input. */
    int timesWanted() {
        return wanted;
    }

    boolean hasEnded() {
        return status.isDone();
    }

    String out() {
        synchronized (out) {
            return out.toString(StandardCharsets.UTF_8);
        }
    }

    String err() {
        synchronized (err) {
            return err.toString(StandardCharsets.UTF_8);
        }
    }

    /** Waits until it has written the text to its standard output. */
    void awaitOut(String text, Duration limit) {
        if (!Await.until(limit, () -> out().contains(text) || hasEnded()) || !out().contains(text)) {
            throw new AssertionError("did not write \"" + text + "\" but: " + out() + "\nstderr: " + err());
        }
    }

    /** Waits for its end. */
    Ran ran(Duration limit) {
        try {
            int code = status.get(limit.toMillis(), TimeUnit.MILLISECONDS);
            synchronized (out) {
                return new Ran(code, out.toByteArray(), err());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        } catch (ExecutionException e) {
            throw new AssertionError(e);
        } catch (TimeoutException e) {
            throw new AssertionError("still running after " + limit + "; wrote " + out() + "\nstderr: " + err(), e);
        }
    }

    /** Goes away, as a client that was killed. */
    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
