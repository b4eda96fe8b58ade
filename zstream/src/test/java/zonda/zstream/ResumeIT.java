package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.kernel.Directory;

/** Streams that are cut off anywhere, as often as one likes, and gone on with. */
class ResumeIT {
    private static final Instant MADE = Instant.ofEpochSecond(1_750_000_000);
    private static final String NAME = ".zonda-receive-test";

    @TempDir
    Path directory;

    private final Random random = new Random(41);
    private Optional<ResumeToken> token = Optional.empty();
    private int cuts;

    @BeforeEach
    void needRoot() {
        assumeTrue("root".equals(System.getProperty("user.name")), "owners and devices need root");
    }

    @AfterEach
    void deleteTrees() throws IOException {
        try (var paths = Files.list(directory)) {
            paths.filter(Files::isDirectory).forEach(Trees::delete);
        }
    }

    private final class Kept implements Resumable.Keeper {
        @Override
        public boolean isDue(long bytes) {
            return bytes > 10_000;
        }

        @Override
        public void keep(ResumeToken position) {
            token = Optional.of(ResumeToken.parse(position.text()));
        }
    }

    /** Makes a stream, or its rest. */
    private interface Sender {
        void send(SendOptions options, ByteArrayOutputStream out);
    }

    private interface Receiver {
        Received receive(SendStream stream, Directory target, Resumable resumable);
    }

    private Received inPieces(Sender sender, SendOptions options, Path target, Receiver receiver) {
        token = Optional.empty();
        while (true) {
            var out = new ByteArrayOutputStream();
            sender.send(token.map(ResumeToken::point).map(options::resumedAt).orElse(options), out);
            byte[] whole = out.toByteArray();
            int length = cuts % 8 == 7 ? whole.length : 312 + random.nextInt(whole.length - 312);
            cuts++;
            try (var stream = SendStream.open(new ByteArrayInputStream(Arrays.copyOf(whole, length)));
                    Directory root = Directory.open(target)) {
                assertThat(stream.next().orElseThrow().resume()).isEqualTo(token.map(ResumeToken::point));
                var resumable = new Resumable(NAME, new Kept());
                if (token.isEmpty()) {
                    FilesystemReceiver.begin(stream, root, resumable);
                }
                Received received = receiver.receive(stream, root, resumable);
                assertThat(length).isEqualTo(whole.length);
                return received;
            } catch (StreamException e) {
                assertThat(e.fault()).isEqualTo(StreamException.Fault.INCOMPLETE);
                assertThat(length).isLessThan(whole.length);
                try (Directory root = Directory.open(target)) {
                    assertThat(FilesystemReceiver.position(root, NAME)).isEqualTo(token.orElseThrow());
                }
            }
        }
    }

    @Test
    void a_tree_and_its_changes_arrive_in_pieces() throws IOException {
        Path tree = directory.resolve("tree");
        Path arrived = Files.createDirectory(directory.resolve("arrived"));
        Path before = directory.resolve("before");
        Trees.fill(tree, 80, random);
        Optional<ObjectMap> map = Optional.empty();
        for (int guid = 1; guid < 5; guid++) {
            SendOptions options = SendOptions.of("tank/tree@s" + guid, guid, MADE);
            Optional<ObjectMap> old = map;
            try (Directory root = Directory.open(tree);
                    Directory origin = Directory.open(old.isPresent() ? before : tree)) {
                Optional<SendOrigin> from = old.map(one -> new SendOrigin(one, origin, "before"));
                ObjectMap now = FilesystemSender.map(root, options, from);
                Received received = inPieces(
                        (how, out) -> FilesystemSender.send(root, now, how, from, out),
                        options,
                        arrived,
                        (stream, target, resumable) ->
                                FilesystemReceiver.receive(stream, target, old, ReceiveOptions.ALL, resumable));
                assertThat(received.left()).isEmpty();
                map = Optional.of(received.map());
            }
            assertThat(Trees.differences(arrived, tree)).as("after " + guid).isEmpty();
            Trees.delete(before);
            Trees.copy(tree, before);
            Trees.change(tree, 30, random);
        }
        assertThat(cuts).isGreaterThan(15);
    }

    @Test
    void a_volume_and_its_changes_arrive_in_pieces() throws IOException {
        Path from = Files.createDirectory(directory.resolve("from"));
        Path before = Files.createDirectory(directory.resolve("before"));
        Path to = Files.createDirectory(directory.resolve("to"));
        byte[] content = new byte[1 << 20];
        random.nextBytes(content);
        Optional<ObjectMap> map = Optional.empty();
        for (int guid = 1; guid < 4; guid++) {
            Files.write(from.resolve("disk"), content);
            SendOptions options = SendOptions.of("tank/v@s" + guid, guid, MADE);
            Optional<ObjectMap> old = map;
            try (Directory root = Directory.open(from);
                    Directory origin = Directory.open(before)) {
                var place = new VolumeReceiver.Place(root, "disk");
                Optional<SendOrigin> source = old.map(one -> new SendOrigin(one, origin, "before"));
                ObjectMap now = VolumeSender.map(place, guid, 8192);
                map = Optional.of(inPieces(
                                (how, out) -> VolumeSender.send(place, now, how, source, out),
                                options,
                                to,
                                (stream, target, resumable) -> VolumeReceiver.receive(
                                        stream,
                                        new VolumeReceiver.Place(target, "disk"),
                                        old,
                                        ReceiveOptions.ALL,
                                        resumable))
                        .map());
            }
            assertThat(Files.readAllBytes(to.resolve("disk"))).isEqualTo(content);
            Files.write(before.resolve("disk"), content);
            for (int i = 0; i < 20; i++) {
                content[random.nextInt(content.length)]++;
            }
            Arrays.fill(content, 100_000, 200_000, (byte) 0);
        }
        try (var files = Files.list(to)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void only_what_is_missing_is_taken() throws IOException {
        Path tree = directory.resolve("tree");
        Trees.fill(tree, 10, random);
        Path to = Files.createDirectory(directory.resolve("to"));
        SendOptions options = SendOptions.of("tank/tree@s", 1, MADE);
        try (Directory root = Directory.open(tree);
                Directory target = Directory.open(to)) {
            var out = new ByteArrayOutputStream();
            ObjectMap map = FilesystemSender.send(root, options, Optional.empty(), out);
            var resumable = new Resumable(NAME, new Kept());
            try (var stream = SendStream.open(new ByteArrayInputStream(Arrays.copyOf(out.toByteArray(), 20_000)))) {
                stream.next();
                FilesystemReceiver.begin(stream, target, resumable);
                assertThatThrownBy(() -> FilesystemReceiver.receive(
                                stream, target, Optional.empty(), ReceiveOptions.ALL, resumable))
                        .hasMessageContaining("cut off");
            }
            var wrong = new ByteArrayOutputStream();
            FilesystemSender.send(root, map, options.resumedAt(new ResumePoint(2, 0)), Optional.empty(), wrong);
            try (var stream = SendStream.open(new ByteArrayInputStream(wrong.toByteArray()))) {
                stream.next();
                assertThatThrownBy(() -> FilesystemReceiver.receive(
                                stream, target, Optional.empty(), ReceiveOptions.ALL, resumable))
                        .hasMessageContaining("goes on at object 2, offset 0, and what is here of tank/tree@s ends at");
            }
            try (var stream = SendStream.open(new ByteArrayInputStream(wrong.toByteArray()));
                    Directory empty = Directory.open(Files.createDirectory(directory.resolve("empty")))) {
                stream.next();
                assertThatThrownBy(
                                () -> FilesystemReceiver.receive(stream, empty, Optional.empty(), ReceiveOptions.ALL))
                        .hasMessageContaining("the rest of a receive that was interrupted");
            }
        }
    }
}
