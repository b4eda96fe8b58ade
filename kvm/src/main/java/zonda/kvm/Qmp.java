package zonda.kvm;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;
import zonda.kernel.UnixSocket;

/**
 * A connection to the control socket of a QEMU: the QEMU Machine Protocol (docs/interop/qmp-spec.txt). QEMU serves one
 * connection at a time, so it is held for one errand only.
 */
public final class Qmp implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final SocketChannel channel;
    private final Consumer<Event> listener;
    private final Map<String, CompletableFuture<Json.Obj>> waiting = new ConcurrentHashMap<>();
    private final CompletableFuture<Json.Obj> greeting = new CompletableFuture<>();
    private final AtomicLong last = new AtomicLong();

    /** Something that happened to the machine by itself, such as SHUTDOWN or RESET. */
    public record Event(String name, Json.Obj data) {}

    private Qmp(SocketChannel channel, Consumer<Event> listener) {
        this.channel = channel;
        this.listener = listener;
    }

    /** @throws OpException FAILED when nobody answers there */
    public static Qmp connect(Path socket) {
        return connect(socket, _ -> {});
    }

    /**
     * Connects, and comes to terms.
     *
     * @param listener hears of events, on the thread that reads
     * @throws OpException FAILED when nobody answers there
     */
    public static Qmp connect(Path socket, Consumer<Event> listener) {
        var qmp = new Qmp(SerialPort.connect(socket), listener);
        Thread.ofVirtual().name("qmp").start(qmp::read);
        try {
            qmp.await(qmp.greeting, "greeting");
            qmp.execute("qmp_capabilities");
            return qmp;
        } catch (RuntimeException e) {
            qmp.close();
            throw e;
        }
    }

    private void read() {
        try (BufferedReader lines = new BufferedReader(Channels.newReader(channel, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                take(Json.parseObject(line));
            }
            fail("QEMU has closed the connection");
        } catch (IOException | RuntimeException e) {
            fail("QEMU's answer could not be read: " + e.getMessage());
        }
    }

    private void take(Json.Obj message) {
        if (message.has("QMP")) {
            greeting.complete(message);
        } else if (message.has("event")) {
            listener.accept(new Event(message.string("event", ""), message.object("data")));
        } else {
            CompletableFuture<Json.Obj> asked = waiting.remove(message.string("id", ""));
            if (asked != null) {
                asked.complete(message);
            }
        }
    }

    private void fail(String why) {
        var failure = new OpException(Code.FAILED, why);
        greeting.completeExceptionally(failure);
        waiting.values().forEach(asked -> asked.completeExceptionally(failure));
    }

    /** As the other, without arguments. */
    public Json execute(String command) {
        return execute(command, Json.Obj.EMPTY);
    }

    /**
     * Has QEMU execute a command.
     *
     * @return what it answers
     * @throws OpException FAILED with QEMU's own words
     */
    public Json execute(String command, Json.Obj arguments) {
        return execute(command, arguments, this::send);
    }

    /**
     * Gives QEMU a descriptor.
     *
     * @return the number of the set in which it has it: it opens {@code /dev/fdset/NUMBER} by that
     * @throws OpException FAILED with QEMU's own words
     */
    public long give(Fd descriptor) {
        Json said = execute("add-fd", Json.Obj.EMPTY, text -> UnixSocket.sendDescriptor(channel, text, descriptor));
        return said instanceof Json.Obj set ? set.integer("fdset-id", -1) : -1;
    }

    private Json execute(String command, Json.Obj arguments, Sender sender) {
        String id = String.valueOf(last.incrementAndGet());
        var answer = new CompletableFuture<Json.Obj>();
        waiting.put(id, answer);
        Json.Obj request = Json.object().with("execute", command).with("id", id);
        Json.Obj whole = arguments.members().isEmpty() ? request : request.with("arguments", arguments);
        try {
            sender.send((whole.compact() + "\n").getBytes(StandardCharsets.UTF_8));
        } catch (IOException | KernelException e) {
            throw new OpException(Code.FAILED, "QEMU: " + command + ": " + e.getMessage(), e);
        }
        Json.Obj said = await(answer, command);
        if (said.has("error")) {
            throw new OpException(
                    Code.FAILED,
                    "QEMU: " + command + ": " + said.object("error").string("desc", "failed"));
        }
        return said.get("return").orElse(Json.Obj.EMPTY);
    }

    private interface Sender {
        void send(byte[] text) throws IOException;
    }

    private void send(byte[] text) throws IOException {
        var bytes = ByteBuffer.wrap(text);
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private Json.Obj await(CompletableFuture<Json.Obj> answer, String what) {
        try {
            return answer.get(LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new OpException(
                    Code.FAILED,
                    "QEMU: " + what + ": no answer within " + LIMIT.toSeconds()
                            + " s; another program may hold its control socket",
                    e);
        } catch (ExecutionException e) {
            throw new OpException(Code.FAILED, "QEMU: " + what + ": " + String.valueOf(e.getCause()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OpException(Code.FAILED, "QEMU: " + what + ": interrupted", e);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "close the connection to QEMU: " + e.getMessage(), e);
        }
    }
}
