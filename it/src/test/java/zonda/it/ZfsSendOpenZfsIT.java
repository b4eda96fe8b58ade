package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.it.guest.OpenZfsGuest;
import zonda.zstream.Listing;
import zonda.zstream.Trees;

/**
 * {@code zfs send} of a host into real OpenZFS and back: what goes there comes back with what was changed there, and
 * goes on from here, always as increments of the snapshots that both have.
 */
@Tag("slow")
class ZfsSendOpenZfsIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    @TempDir
    static Path directory;

    private static OpenZfsGuest zfs;
    private static Path in;
    private static Path out;

    @BeforeAll
    static void boot() throws IOException {
        assumeTrue(System.getenv("ZONDA_SLOW_TESTS") != null, "takes minutes; ZONDA_SLOW_TESTS=1 runs it");
        OpenZfsGuest.requireImage(Documents.top());
        in = Files.createDirectory(directory.resolve("in"));
        out = Files.createDirectory(directory.resolve("out"));
        Files.writeString(in.resolve("listing"), Listing.SCRIPT);
        makeTree();
        send("full", "zones/t@0");
        send("increment", "-i", "@0", "zones/t@1");
        send("tree", "-R", "zones/t@1");
        send("volume", "zones/t/v@1");
        zfs = OpenZfsGuest.boot(Documents.top(), in);
        zfs.createPool("tank");
        zfs.sh("""
                        set -e
                        . /in/listing
                        zfs receive tank/t </in/full
                        listing /tank/t /out/full
                        zfs receive tank/t </in/increment
                        listing /tank/t /out/increment
                        zfs receive tank/r </in/tree
                        listing /tank/r/c /out/clone
                        zfs get -H -o value origin,my:word tank/r/c >/out/clone-facts
                        zfs get -Hp -o value guid tank/t@1 >/out/guid
                        zfs receive tank/v </in/volume
                        for i in $(seq 100); do [ -b /dev/zd0 ] && break; sleep 0.1; done
                        sha256sum </dev/zd0 >/out/volume
                        cd /tank/t
                        mkdir "made there"
                        echo new >"made there/file"
                        setfattr -n user.there -v yes "made there/file"
                        ln "made there/file" "made there/link"
                        find . -maxdepth 1 -type f | head -n 3 | while read -r one; do echo more >>"$one"; done
                        zfs snapshot tank/t@2
                        listing /tank/t /out/back
                        zfs send -i @1 tank/t@2 >/out/back.zs
                        zfs send -Lec tank/t@2 >/out/whole.zs
                        zfs send -w tank/v@1 >/out/volume.zs
                        """).good();
        zfs.fetch(out);
    }

    @AfterAll
    static void close() {
        if (zfs != null) {
            zfs.close();
        }
    }

    private static void good(String... words) {
        Ran ran = zonda.run("zfs", words);
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    private static Path place(String dataset) {
        return zonda.root().resolve(dataset);
    }

    private static void makeTree() throws IOException {
        good("create", "-o", "my:word=x", "zones/t");
        Trees.fill(place("zones/t"), 120, new Random(11));
        good("create", "-s", "-V", "4M", "zones/t/v");
        good("snapshot", "-r", "zones/t@0");
        Trees.change(place("zones/t"), 30, new Random(12));
        good("clone", "zones/t@0", "zones/t/c");
        Files.writeString(place("zones/t/c/of the clone"), "text");
        good("snapshot", "-r", "zones/t@1");
    }

    private static void send(String file, String... words) throws IOException {
        String[] all = new String[words.length + 1];
        all[0] = "send";
        System.arraycopy(words, 0, all, 1, words.length);
        Ran ran = zonda.run("zfs", all);
        assertThat(ran.status()).as(ran.err()).isZero();
        Files.write(in.resolve(file), ran.bytes());
    }

    private static void equal(Listing one, String other) {
        assertThat(one.differences(Listing.read(out, other))).as(other).isEmpty();
    }

    private static Listing ofSnapshot(String dataset, String snapshot) {
        good("clone", dataset + "@" + snapshot, "zones/look");
        try {
            return Listing.of(place("zones/look"));
        } finally {
            good("destroy", "zones/look");
        }
    }

    @Test
    void what_is_sent_is_there_and_what_was_changed_there_comes_back() throws IOException {
        equal(ofSnapshot("zones/t", "0"), "full");
        equal(ofSnapshot("zones/t", "1"), "increment");
        equal(Listing.of(place("zones/t/c")), "clone");
        assertThat(Files.readAllLines(out.resolve("clone-facts"))).containsExactly("tank/r@0", "x");
        assertThat(Files.readString(out.resolve("guid")).strip())
                .isEqualTo(zonda.run("zfs", "get", "-Hp", "-o", "value", "guid", "zones/t@1")
                        .out()
                        .strip());

        try (Call call = zonda.call("zfs", "receive", "-F", "zones/t")) {
            Ran ran = call.type(Files.readAllBytes(out.resolve("back.zs")))
                    .endInput()
                    .ran(Instance.LIMIT);
            assertThat(ran.status()).as(ran.toString()).isZero();
        }
        equal(ofSnapshot("zones/t", "2"), "back");

        try (Call call = zonda.call("zfs", "receive", "zones/w")) {
            Ran ran = call.type(Files.readAllBytes(out.resolve("whole.zs")))
                    .endInput()
                    .ran(Instance.LIMIT);
            assertThat(ran.status()).as(ran.toString()).isZero();
        }
        equal(Listing.of(place("zones/w")), "back");

        // What changed here since a snapshot that was made there goes there again.
        Files.writeString(place("zones/t/made there/file"), "and here");
        Files.createDirectory(place("zones/t/made here"));
        good("snapshot", "zones/t@3");
        Ran third = zonda.run("zfs", "send", "-i", "@2", "zones/t@3");
        assertThat(third.status()).as(third.err()).isZero();
        zfs.sh("set -e; . /in/listing; base64 -d >/tmp/third <<'END'\n"
                        + Base64.getMimeEncoder().encodeToString(third.bytes()).replace("\r", "")
                        + "\nEND\nzfs receive -F tank/t </tmp/third; listing /tank/t /out/third")
                .good();
        zfs.fetch(out);
        equal(ofSnapshot("zones/t", "3"), "third");
        zonda.run("zfs", "destroy", "-r", "zones/w");
    }

    private static void receive(byte[] stream, String... words) {
        try (Call call = zonda.call("zfs", words)) {
            Ran ran = call.type(stream).endInput().ran(Instance.LIMIT);
            assertThat(ran.status()).as(ran.toString()).isZero();
        }
    }

    /** The tokens of either side are those of the other, and so is what follows them. */
    @Test
    void a_receive_that_is_cut_short_is_gone_on_with_on_either_side() throws IOException {
        long length = Files.size(in.resolve("full")) - 200_000;
        String token = zfs.sh("head -c " + length + " /in/full | zfs receive -s tank/cut 2>/dev/null;"
                        + " zfs get -H -o value receive_resume_token tank/cut")
                .good();
        Ran rest = zonda.run("zfs", "send", "-t", token);
        assertThat(rest.status()).as(rest.err()).isZero();
        zfs.sh("set -e; . /in/listing; base64 -d >/tmp/rest <<'END'\n"
                        + Base64.getMimeEncoder().encodeToString(rest.bytes()).replace("\r", "")
                        + "\nEND\nzfs receive tank/cut </tmp/rest; listing /tank/cut /out/cut")
                .good();
        zfs.fetch(out);
        equal(ofSnapshot("zones/t", "0"), "cut");

        byte[] whole = Files.readAllBytes(out.resolve("whole.zs"));
        try (Call call = zonda.call("zfs", "receive", "-s", "zones/x")) {
            call.type(Arrays.copyOf(whole, whole.length / 2)).endInput().ran(Instance.LIMIT);
        }
        String ours = zonda.run("zfs", "get", "-H", "-o", "value", "receive_resume_token", "zones/x")
                .out()
                .strip();
        assertThat(zfs.sh("zfs send -nvt " + ours).good()).contains("toname = tank/t@2", "compressok = 1");
        zfs.sh("zfs send -t " + ours + " >/out/rest.zs").good();
        zfs.fetch(out);
        receive(Files.readAllBytes(out.resolve("rest.zs")), "receive", "zones/x");
        equal(Listing.of(place("zones/x")), "back");
        zonda.run("zfs", "destroy", "-r", "zones/x");
    }
}
