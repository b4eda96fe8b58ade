package zonda.images;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import zonda.images.tar.Compression;
import zonda.kernel.Command;
import zonda.kernel.Directory;
import zonda.zstream.FilesystemReceiver;
import zonda.zstream.FilesystemSender;
import zonda.zstream.ReceiveOptions;
import zonda.zstream.SendOptions;
import zonda.zstream.SendStream;

/**
 * Unpacks one tree again and again, in turn by {@code gunzip | tar x} and as a compressed ZFS stream as imgadm does it:
 * {@code StreamBench TREE SCRATCH ROUNDS}. The first round warms both up and isn't counted.
 */
final class StreamBench {
    private StreamBench() {}

    public static void main(String[] arguments) throws IOException {
        Path tree = Path.of(arguments[0]);
        Path scratch = Path.of(arguments[1]);
        int rounds = Integer.parseInt(arguments[2]);
        Path tar = scratch.resolve("tree.tar.gz");
        Path stream = scratch.resolve("tree.zs");
        Command.of("sh", "-c", "tar -C \"$0\" --sort=name -cf - . | gzip -6 > \"$1\"", tree.toString(), tar.toString())
                .check(Duration.ofMinutes(10));
        try (Directory root = Directory.open(tree);
                OutputStream out = new BufferedOutputStream(Files.newOutputStream(stream), 1 << 20)) {
            FilesystemSender.send(root, SendOptions.of("bench/tree@1", 1, Instant.EPOCH), Optional.empty(), out);
        }
        long bytes = Files.size(stream);
        Command.of("gzip", "-6", "-f", stream.toString()).check(Duration.ofMinutes(10));
        Path packed = scratch.resolve("tree.zs.gz");
        long[] peer = new long[rounds];
        long[] ours = new long[rounds];
        for (int i = -1; i < rounds; i++) {
            Path target = Files.createDirectory(scratch.resolve("target"));
            long began = System.nanoTime();
            Command.of("sh", "-c", "gunzip -c \"$0\" | tar -C \"$1\" -xpf -", tar.toString(), target.toString())
                    .check(Duration.ofMinutes(10));
            long theirs = System.nanoTime() - began;
            delete(target);
            Files.createDirectory(target);
            began = System.nanoTime();
            receive(packed, target);
            long mine = System.nanoTime() - began;
            delete(target);
            if (i >= 0) {
                peer[i] = theirs;
                ours[i] = mine;
                System.out.printf("gunzip | tar x %6d ms, stream %6d ms%n", theirs / 1_000_000, mine / 1_000_000);
            }
        }
        Arrays.sort(peer);
        Arrays.sort(ours);
        System.out.printf(
                "%d MB: p50 %d ms and %d ms, ratio %.2f (aim 1.15); %.0f MB/s%n",
                bytes >> 20,
                peer[rounds / 2] / 1_000_000,
                ours[rounds / 2] / 1_000_000,
                (double) ours[rounds / 2] / peer[rounds / 2],
                bytes / 1e6 / (ours[rounds / 2] / 1e9));
    }

    private static void receive(Path packed, Path target) throws IOException {
        try (InputStream content = Compression.open(Files.newInputStream(packed));
                var stream = SendStream.open(content);
                Directory root = Directory.open(target)) {
            stream.next();
            FilesystemReceiver.receive(stream, root, Optional.empty(), ReceiveOptions.ALL);
        }
    }

    private static void delete(Path tree) {
        Command.of("rm", "-r", tree.toString()).check(Duration.ofMinutes(10));
    }
}
