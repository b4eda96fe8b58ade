package zonda.images;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import zonda.base.Await;
import zonda.kernel.Command;

/** Debian's docker-registry on a free port of loopback, for one test. */
final class TestRegistry implements AutoCloseable {
    private static final Path PROGRAM = Path.of("/usr/bin/docker-registry");

    private final Process process;
    final int port;

    private TestRegistry(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    static TestRegistry start(Path directory) throws IOException {
        assumeTrue(Files.isExecutable(PROGRAM), "no docker-registry");
        int port = freePort();
        Path config = Files.writeString(
                directory.resolve("registry.yml"), """
                version: 0.1
                log: {level: error}
                storage: {filesystem: {rootdirectory: %s}}
                http: {addr: "127.0.0.1:%d"}
                """.formatted(directory.resolve("registry"), port));
        Process process =
                Command.of(PROGRAM.toString(), "serve", config.toString()).start();
        Thread.ofVirtual().start(() -> drain(process));
        var registry = new TestRegistry(process, port);
        if (!Await.until(Duration.ofSeconds(10), registry::answers)) {
            registry.close();
            throw new IOException("docker-registry doesn't listen");
        }
        return registry;
    }

    private static void drain(Process process) {
        try {
            process.getErrorStream().readAllBytes();
        } catch (IOException e) {
            // ended
        }
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private boolean answers() {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 200);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    String host() {
        return "127.0.0.1:" + port;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
