package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.it.guest.OpenZfsGuest;
import zonda.kernel.Directory;
import zonda.zstream.FilesystemReceiver;
import zonda.zstream.Listing;
import zonda.zstream.ObjectMap;
import zonda.zstream.ReceiveOptions;
import zonda.zstream.SendStream;
import zonda.zstream.StreamFiles;
import zonda.zstream.VolumeReceiver;

/** Real OpenZFS receives what module zstream sends, and zstream restores what real OpenZFS sends. */
@Tag("slow")
class ZfsStreamsIT {
    private static final List<String> VARIANTS = List.of("", "-L", "-e", "-c", "-Lec", "-w", "-p");

    @TempDir
    static Path directory;

    private static OpenZfsGuest zfs;
    private static Path ours;
    private static Path theirs;

    @BeforeAll
    static void boot() throws IOException {
        assumeTrue(System.getenv("ZONDA_SLOW_TESTS") != null, "takes minutes; ZONDA_SLOW_TESTS=1 runs it");
        OpenZfsGuest.requireImage(Documents.top());
        Path in = Files.createDirectory(directory.resolve("in"));
        ours = in.resolve("ours");
        StreamFiles.write(ours);
        Files.writeString(in.resolve("listing"), Listing.SCRIPT);
        Files.copy(Documents.top().resolve("it/src/test/guest/sent-tree"), in.resolve("sent-tree"));
        zfs = OpenZfsGuest.boot(Documents.top(), in);
        zfs.createPool("tank");
        theirs = Files.createDirectory(directory.resolve("out"));
        zfs.sh("mkdir /out/ours; sh /in/sent-tree").good();
        for (Sent sent : sents()) {
            receiveThere(sent);
        }
        zfs.fetch(theirs);
    }

    @AfterAll
    static void close() {
        if (zfs != null) {
            zfs.close();
        }
    }

    /** A stream of ours. @param origin what must be received before, or {@code -} */
    private record Sent(String name, String kind, String origin) {
        boolean isVolume() {
            return kind.equals("volume");
        }
    }

    private static List<Sent> sents() throws IOException {
        return Files.readAllLines(ours.resolve("list")).stream()
                .map(line -> line.split(" "))
                .map(words -> new Sent(words[0], words[1], words[2]))
                .toList();
    }

    /** The dataset of a stream has the name of the first that it is incremental to. */
    private static String dataset(Sent sent) throws IOException {
        String name = sent.name();
        for (Sent one : sents().reversed()) {
            if (one.name().equals(name) && !one.origin().equals("-")) {
                name = one.origin();
            }
        }
        return name;
    }

    private static void receiveThere(Sent sent) throws IOException {
        String to = dataset(sent);
        zfs.sh("zfs recv -F tank/" + to + " </in/ours/" + sent.name() + ".zs").good();
        if (sent.isVolume()) {
            zfs.sh("tries=0; until [ -b /dev/zd0 ]; do tries=$((tries + 1)); [ $tries -lt 100 ] || exit 1; sleep 0.1;"
                            + " done; sha256sum </dev/zd0 >/out/ours/" + sent.name())
                    .good();
        } else {
            zfs.sh(". /in/listing; listing /tank/" + to + " /out/ours/" + sent.name())
                    .good();
        }
    }

    @Test
    void what_is_sent_here_is_received_by_zfs_as_it_was() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (Sent sent : sents()) {
            List<String> differences = sent.isVolume()
                    ? differences(ours.resolve(sent.name() + ".sha256"), theirs.resolve("ours/" + sent.name()))
                    : Listing.read(ours, sent.name()).differences(Listing.read(theirs.resolve("ours"), sent.name()));
            differences.forEach(line -> wrong.add(sent.name() + ": " + line));
        }

        assertThat(wrong).isEmpty();
    }

    private static List<String> differences(Path one, Path other) throws IOException {
        String here = Files.readString(one).substring(0, 64);
        String there = Files.readString(other).substring(0, 64);
        return here.equals(there) ? List.of() : List.of(here + " and there " + there);
    }

    /** What ZFS finds wrong only when it works with what it took. */
    @Test
    void zfs_goes_on_with_what_it_received() {
        zfs.sh("""
                        set -e
                        for dataset in full features names; do
                            cd /tank/$dataset
                            find . -type d -not -path './names-*' | head -n 40 | while read -r one; do
                                echo new >"$one/made by zfs"
                                mkdir "$one/directory by zfs"
                            done
                            find . -type f -not -path './external/*' | head -n 100 | while read -r one; do
                                echo appended >>"$one"
                                mv "$one" "$one-moved" 2>/dev/null || rm "$one"
                            done
                            rm -r names-2048 external 2>/dev/null || true
                            cd /
                            zfs snapshot tank/$dataset@by-zfs
                            zfs send tank/$dataset@by-zfs | zfs recv tank/copy
                            . /in/listing
                            listing /tank/$dataset /tmp/one
                            listing /tank/copy /tmp/other
                            for kind in find sha256 devices attributes; do
                                cmp /tmp/one.$kind /tmp/other.$kind
                            done
                            zfs destroy -r tank/copy
                        done
                        zpool export tank
                        zpool import -d / tank
                        zpool scrub -w tank
                        """).good();

        assertThat(zfs.sh("zpool status -x tank").good()).isEqualTo("pool 'tank' is healthy");
    }

    @Test
    void what_zfs_sends_is_restored_as_it_was() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (String dataset : List.of("old", "new")) {
            for (String variant : VARIANTS) {
                Path tree = Files.createDirectory(directory.resolve(dataset + variant));
                Optional<ObjectMap> full = restore(dataset + "-full" + variant, tree, Optional.empty());
                compare(dataset + "-full" + variant, tree, dataset + "-a", wrong);
                restore(dataset + "-increment" + variant, tree, full);
                compare(dataset + "-increment" + variant, tree, dataset + "-b", wrong);
            }
        }

        assertThat(wrong).isEmpty();
    }

    @Test
    void what_zfs_sends_of_several_snapshots_is_restored_as_the_last_was() throws IOException {
        List<String> wrong = new ArrayList<>();
        for (String dataset : List.of("old", "new")) {
            Path replicated = Files.createDirectory(directory.resolve(dataset + "-replicated"));
            restore(dataset + "-replicated", replicated, Optional.empty());
            compare(dataset + "-replicated", replicated, dataset + "-c", wrong);

            Path several = Files.createDirectory(directory.resolve(dataset + "-several"));
            Optional<ObjectMap> full = restore(dataset + "-full", several, Optional.empty());
            restore(dataset + "-several", several, full);
            compare(dataset + "-several", several, dataset + "-c", wrong);
        }

        assertThat(wrong).isEmpty();
    }

    @Test
    void what_zfs_sends_of_a_clone_is_restored_onto_its_origin() throws IOException {
        List<String> wrong = new ArrayList<>();
        Path tree = Files.createDirectory(directory.resolve("clone"));
        Optional<ObjectMap> full = restore("new-full", tree, Optional.empty());
        Optional<ObjectMap> origin = restore("new-increment", tree, full);

        restore("clone", tree, origin);

        compare("clone", tree, "clone-x", wrong);
        assertThat(wrong).isEmpty();
    }

    @Test
    void what_zfs_sends_of_a_volume_is_restored_to_the_byte() throws IOException {
        for (String variant : VARIANTS) {
            Path place = Files.createDirectory(directory.resolve("volume" + variant));
            Optional<ObjectMap> full = restore("volume-full" + variant, place, Optional.empty());
            assertThat(sum(place.resolve("disk"))).as("full " + variant).isEqualTo(expected("volume-a"));
            restore("volume-increment" + variant, place, full);
            assertThat(sum(place.resolve("disk"))).as("increment " + variant).isEqualTo(expected("volume-b"));
        }
    }

    private static String expected(String name) throws IOException {
        return Files.readString(theirs.resolve(name)).substring(0, 64);
    }

    private static String sum(Path file) throws IOException {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** All snapshots of a stream, one on top of the other. */
    private static Optional<ObjectMap> restore(String name, Path tree, Optional<ObjectMap> origin) throws IOException {
        Optional<ObjectMap> map = origin;
        try (var stream = SendStream.open(
                        new BufferedInputStream(Files.newInputStream(theirs.resolve(name + ".zs")), 1 << 20));
                Directory target = Directory.open(tree)) {
            for (var header = stream.next(); header.isPresent(); header = stream.next()) {
                map = Optional.of(
                        switch (header.get().kind()) {
                            case FILESYSTEM ->
                                FilesystemReceiver.receive(stream, target, map, ReceiveOptions.ALL)
                                        .map();
                            case VOLUME ->
                                VolumeReceiver.receive(
                                                stream,
                                                new VolumeReceiver.Place(target, "disk"),
                                                map,
                                                ReceiveOptions.ALL)
                                        .map();
                        });
            }
            assertThat(stream.atEnd()).as(name).isTrue();
        } catch (RuntimeException e) {
            throw new AssertionError("restore " + name + ": " + e, e);
        }
        return map;
    }

    private static void compare(String what, Path tree, String listing, List<String> wrong) {
        Listing.of(tree).differences(Listing.read(theirs, listing)).forEach(line -> wrong.add(what + ": " + line));
    }
}
