package zonda.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import zonda.base.Await;

/** The frames that arrive at a link, in hexadecimal, from when it is made. */
final class Capture implements AutoCloseable {
    private final Process process;
    private final List<String> frames = new CopyOnWriteArrayList<>();

    Capture(Process process) {
        this.process = process;
        var lines = new BufferedReader(process.inputReader(StandardCharsets.US_ASCII));
        try {
            assertThat(lines.readLine()).isEqualTo("ready");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofPlatform().daemon().start(() -> lines.lines().forEach(frames::add));
    }

    /** Waits until a frame holds the mark. */
    boolean sees(String hex) {
        return Await.until(Duration.ofSeconds(20), () -> has(hex));
    }

    boolean has(String hex) {
        return frames.stream().anyMatch(frame -> frame.contains(hex));
    }

    @Override
    public void close() {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
