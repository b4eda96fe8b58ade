package zonda.it.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.kernel.Command;

/**
 * A machine in QEMU that runs scripts for a test. Its disk is a {@link GuestImage} under a layer of its own, which a
 * reboot keeps and the end throws away. Further disks are {@code /dev/vda}, {@code /dev/vdb} and so on. It has no network.
 */
public final class Guest implements AutoCloseable {
    static final Path QEMU = Path.of("/usr/bin/qemu-system-x86_64");

    private static final Duration BOOT = Duration.ofSeconds(300);
    private static final Duration SCRIPT = Duration.ofSeconds(400);
    private static final Duration SOCKET = Duration.ofSeconds(20);
    private static final Duration END = Duration.ofSeconds(30);
    private static final int LONGEST_CONSOLE = 8_000;

    private final Path directory;
    private final Process qemu;
    private final Thread interrupted;
    private final SocketChannel agent;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private int number;

    /** A further disk: a raw image, which the guest may write to or not. */
    public record Disk(Path file, boolean writable) {}

    /** How a script ended, and what it wrote. */
    public record Ran(int status, String out, String err) {
        /** Its output without the last line's end. @throws AssertionError unless its status is 0 */
        public String good() {
            assertThat(status).as(toString()).isZero();
            return out.strip();
        }

        @Override
        public String toString() {
            return "exit " + status + "\nstdout: " + out + "\nstderr: " + err;
        }
    }

    private Guest(Path directory, Process qemu) {
        this.directory = directory;
        this.qemu = qemu;
        // A run of the tests that is itself ended leaves nothing either.
        this.interrupted = new Thread(qemu::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(interrupted);
        try {
            this.agent = connect(directory.resolve("agent"));
        } catch (IOException | RuntimeException | AssertionError e) {
            qemu.destroyForcibly();
            throw new AssertionError("reach the guest's serial port: " + e + "\n" + console(), e);
        }
        Thread.ofVirtual().name("guest-agent").start(this::read);
    }

    /** Boots; it runs scripts when this returns. */
    public static Guest boot(GuestImage image, List<Disk> disks) {
        assumeTrue(Files.isExecutable(QEMU), "needs qemu-system-x86");
        Path directory;
        Process qemu;
        try {
            directory = Files.createTempDirectory("zonda-guest-");
            // Nobody reads QEMU's own words while it runs, and there are few of them.
            qemu = Command.of(argv(image, disks, directory))
                    .environment("TMPDIR", "/var/tmp")
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        var guest = new Guest(directory, qemu);
        try {
            guest.awaitUp();
            return guest;
        } catch (RuntimeException | AssertionError e) {
            guest.close();
            throw e;
        }
    }

    private static List<String> argv(GuestImage image, List<Disk> disks, Path directory) throws IOException {
        List<String> argv = new ArrayList<>(List.of(QEMU.toString()));
        argv.addAll(GuestCpu.options());
        argv.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-m", "2048"));
        argv.addAll(List.of("-kernel", image.kernel().toString()));
        // Programs at the same addresses each time: what is emulated need not be translated again.
        argv.addAll(List.of(
                "-append",
                "root=/dev/nvme0n1 rw console=ttyS0 quiet panic=-1 mitigations=off norandmaps nokaslr audit=0 "
                        + image.kernelArguments()));
        argv.addAll(List.of("-serial", "file:" + directory.resolve("console")));
        argv.addAll(List.of("-device", "virtio-serial-pci"));
        argv.addAll(List.of("-chardev", "socket,id=agent,server=on,wait=off,path=" + directory.resolve("agent")));
        argv.addAll(List.of("-device", "virtserialport,chardev=agent"));
        argv.addAll(List.of("-chardev", "socket,id=bridge,server=on,wait=off,path=" + directory.resolve("bridge")));
        argv.addAll(List.of("-device", "virtserialport,chardev=bridge"));
        argv.addAll(List.of("-object", "rng-random,id=rng,filename=/dev/urandom"));
        argv.addAll(List.of("-device", "virtio-rng-pci,rng=rng"));
        argv.addAll(List.of("-drive", "if=none,id=root,format=raw,snapshot=on,cache=unsafe,file=" + image.root()));
        argv.addAll(List.of("-device", "nvme,drive=root,serial=root"));
        for (int i = 0; i < disks.size(); i++) {
            Disk disk = disks.get(i);
            String mode = disk.writable() ? "off" : "on";
            argv.addAll(List.of(
                    "-drive",
                    "if=none,id=disk" + i + ",format=raw,cache=unsafe,readonly=" + mode + ",file=" + disk.file()));
            argv.addAll(List.of("-device", "virtio-blk-pci,drive=disk" + i));
        }
        return argv;
    }

    private SocketChannel connect(Path socket) throws IOException {
        var connected = new AtomicReference<SocketChannel>();
        // The socket is there a moment before anybody listens to it.
        Await.until(SOCKET, () -> !qemu.isAlive() || connects(socket, connected));
        SocketChannel channel = connected.get();
        if (channel == null) {
            throw new AssertionError("QEMU does not start");
        }
        return channel;
    }

    private static boolean connects(Path socket, AtomicReference<SocketChannel> connected) {
        if (!Files.exists(socket)) {
            return false;
        }
        try {
            connected.set(SocketChannel.open(UnixDomainSocketAddress.of(socket)));
            return true;
        } catch (ConnectException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read() {
        try (BufferedReader reader = new BufferedReader(Channels.newReader(agent, StandardCharsets.US_ASCII))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            // It has ended.
        }
    }

    private String awaitUp() {
        return await("up ", BOOT);
    }

    private String await(String prefix, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        try {
            while (System.nanoTime() < end && qemu.isAlive()) {
                String line = lines.poll(200, TimeUnit.MILLISECONDS);
                if (line != null && line.startsWith(prefix)) {
                    return line;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new AssertionError("the guest does not answer within " + limit + "; its console says:\n" + console());
    }

    public boolean isAlive() {
        return qemu.isAlive();
    }

    /** Runs a script to its end. Its input is empty. */
    public synchronized Ran sh(String script) {
        number++;
        send(number + " " + Base64.getEncoder().encodeToString(script.getBytes(StandardCharsets.UTF_8)) + "\n");
        long start = System.nanoTime();
        String[] words = await(number + " ", SCRIPT).split(" ", -1);
        trace(start, script);
        return new Ran(Integer.parseInt(words[1]), decode(words[2]), decode(words[3]));
    }

    /**
     * Lets the host speak with a socket in the guest, on one connection.
     *
     * @param connect makes the connection to the socket here that it is given, and sends no more than that takes
     * @param speak goes on until it has closed the connection
     */
    public synchronized <C, T> T bridge(Path socket, Function<Path, C> connect, Function<C, T> speak) {
        C connection = connect.apply(directory.resolve("bridge"));
        sh("exec 4<>/dev/vport0p2; nc -N -U " + socket + " <&4 >&4 2>/run/bridge.err & echo $! >/run/bridge.pid")
                .good();
        T answer = speak.apply(connection);
        // Were it still there, it would take the first words of the next connection.
        sh("read pid </run/bridge.pid; tries=0; while kill -0 $pid 2>/dev/null; do tries=$((tries + 1));"
                        + " [ $tries -lt 40 ] || { kill $pid; exit 1; }; sleep 0.05; done")
                .good();
        return answer;
    }

    /** Reboots it in order; it runs scripts again when this returns. */
    public synchronized void reboot() {
        number++;
        send(number + " " + Base64.getEncoder().encodeToString("reboot".getBytes(StandardCharsets.UTF_8)) + "\n");
        long start = System.nanoTime();
        awaitUp();
        trace(start, "reboot");
    }

    /** For whoever makes tests quicker; what QEMU has used of the CPU so far tells more than the time, on a busy machine. */
    private void trace(long start, String script) {
        if (System.getenv("GUEST_TRACE") != null) {
            long cpu = qemu.info().totalCpuDuration().orElse(Duration.ZERO).toMillis();
            System.err.println(
                    (System.nanoTime() - start) / 1_000_000 + " ms, " + cpu + " ms of CPU in all: " + script);
        }
    }

    private void send(String line) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                agent.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String decode(String word) {
        return new String(Base64.getDecoder().decode(word), StandardCharsets.UTF_8);
    }

    /** The end of what it wrote to its console. */
    public String console() {
        try {
            String text = Files.readString(directory.resolve("console"), StandardCharsets.ISO_8859_1);
            return text.substring(Math.max(0, text.length() - LONGEST_CONSOLE));
        } catch (IOException e) {
            return "(nothing)";
        }
    }

    /** Ends it at once: what it wrote is thrown away anyway. */
    @Override
    public void close() {
        qemu.destroyForcibly();
        try {
            assertThat(qemu.waitFor(END.toSeconds(), TimeUnit.SECONDS))
                    .as("QEMU, pid " + qemu.pid() + ", ends")
                    .isTrue();
            Runtime.getRuntime().removeShutdownHook(interrupted);
            agent.close();
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
