package zonda.images.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class TarReaderTest {
    private static List<TarEntry> entries(byte[] archive) throws IOException {
        List<TarEntry> entries = new ArrayList<>();
        try (var tar = new TarReader(new ByteArrayInputStream(archive))) {
            for (var next = tar.next(); next.isPresent(); next = tar.next()) {
                entries.add(next.get());
            }
        }
        return entries;
    }

    @Test
    void names_longer_than_a_header_are_read_in_all_forms() throws Exception {
        String name = "d/".repeat(60) + "file";
        byte[] prefixed = TarBuilder.header('0', "file", "", 0);
        TarBuilder.put(prefixed, 345, "some/prefix");
        byte[] archive = new TarBuilder()
                .entry('L', "././@LongLink", "", (name + "\0").getBytes())
                .entry('K', "././@LongLink", "", "long/target\0".getBytes())
                .symlink("cut", "cut")
                .pax("path", name + "2", "linkpath", "pax/target")
                .symlink("cut", "cut")
                .raw(TarBuilder.summed(prefixed), new byte[0])
                .bytes();

        assertThat(entries(archive)).extracting(TarEntry::name).containsExactly(name, name + "2", "some/prefix/file");
        assertThat(entries(archive)).extracting(TarEntry::link).containsExactly("long/target", "pax/target", "");
    }

    @Test
    void what_an_extended_header_says_goes_before_the_header() throws Exception {
        TarEntry entry = entries(new TarBuilder()
                        .pax("uid", "70000", "gid", "80000", "mtime", "1600000000.25", "SCHILY.xattr.user.a", "1\n2")
                        .file("a", "")
                        .bytes())
                .getFirst();

        assertThat(entry.access().uid()).isEqualTo(70000);
        assertThat(entry.access().gid()).isEqualTo(80000);
        assertThat(entry.modified()).isEqualTo(Instant.ofEpochSecond(1600000000, 250_000_000));
        assertThat(entry.attributes().get("user.a")).isEqualTo("1\n2".getBytes());
    }

    @Test
    void an_extended_header_is_for_one_entry_and_a_global_one_for_all() throws Exception {
        List<TarEntry> entries = entries(new TarBuilder()
                .entry('g', "pax", "", "12 uid=4711\n".getBytes(StandardCharsets.US_ASCII))
                .pax("uid", "1")
                .file("a", "")
                .file("b", "")
                .bytes());

        assertThat(entries).extracting(entry -> entry.access().uid()).containsExactly(1, 4711);
    }

    @Test
    void numbers_may_be_binary() throws Exception {
        byte[] header = TarBuilder.header('0', "big", "", 0);
        header[108] = (byte) 0x80;
        TarBuilder.put(header, 109, "\0\0\0\0\u0001\u0086\u00a0");

        assertThat(entries(new TarBuilder()
                                .raw(TarBuilder.summed(header), new byte[0])
                                .bytes())
                        .getFirst()
                        .access()
                        .uid())
                .isEqualTo(100000);
    }

    @Test
    void an_archive_that_is_cut_off_anywhere_is_noticed() throws Exception {
        byte[] archive = new TarBuilder()
                .pax("path", "long")
                .file("a", "x".repeat(700))
                .file("b", "")
                .bytes();

        for (int length = 1; length < archive.length - 1024; length++) {
            byte[] cut = Arrays.copyOf(archive, length);
            try (var tar = new TarReader(new ByteArrayInputStream(cut))) {
                boolean failed = false;
                try {
                    while (tar.next().isPresent()) {
                        // on to the next
                    }
                } catch (TarException e) {
                    failed = true;
                }
                assertThat(failed || !tar.endSeen()).as("cut at %d", length).isTrue();
            }
        }
    }

    @Test
    void sizes_beyond_reason_are_refused_before_memory_is_taken() {
        byte[] pax = TarBuilder.header('x', "pax", "", 1L << 32);
        byte[] name = TarBuilder.header('L', "long", "", 1L << 30);

        assertThatThrownBy(() -> entries(new TarBuilder().raw(pax, new byte[0]).bytes()))
                .isInstanceOf(TarException.class);
        assertThatThrownBy(() -> entries(new TarBuilder().raw(name, new byte[0]).bytes()))
                .isInstanceOf(TarException.class);
    }

    @Test
    void negative_sizes_and_ids_are_refused() {
        byte[] size = TarBuilder.header('0', "a", "", 0);
        Arrays.fill(size, 124, 136, (byte) 0xff);
        byte[] id = TarBuilder.header('0', "a", "", 0);
        Arrays.fill(id, 108, 116, (byte) 0xff);

        assertThatThrownBy(() -> entries(new TarBuilder()
                        .raw(TarBuilder.summed(size), new byte[0])
                        .bytes()))
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> entries(
                        new TarBuilder().raw(TarBuilder.summed(id), new byte[0]).bytes()))
                .hasMessageContaining("no user or group with id -1");
    }

    @Test
    void a_wrong_checksum_is_noticed() {
        byte[] header = TarBuilder.header('0', "a", "", 0);
        header[0] = 'b';

        assertThatThrownBy(
                        () -> entries(new TarBuilder().raw(header, new byte[0]).bytes()))
                .hasMessageContaining("checksum");
    }

    @Test
    void sparse_files_of_the_pax_form_have_their_extents() throws Exception {
        byte[] map = Arrays.copyOf("2\n0\n3\n1048576\n2\n".getBytes(), 512 + 5);
        System.arraycopy("abcde".getBytes(), 0, map, 512, 5);
        byte[] archive = new TarBuilder()
                .pax(
                        "GNU.sparse.major", "1",
                        "GNU.sparse.minor", "0",
                        "GNU.sparse.name", "real",
                        "GNU.sparse.realsize", "2000000")
                .entry('0', "GNUSparseFile.1/real", "", map)
                .file("next", "")
                .bytes();

        TarEntry entry = entries(archive).getFirst();

        assertThat(entry.name()).isEqualTo("real");
        assertThat(entry.size()).isEqualTo(2000000);
        assertThat(entry.extents()).contains(List.of(new TarEntry.Extent(0, 3), new TarEntry.Extent(1048576, 2)));
        assertThat(entries(archive)).hasSize(2);
    }

    @Test
    void sparse_maps_that_lie_are_refused() {
        for (String map : List.of("1\n0\n9\n", "2\n4\n1\n0\n1\n", "1\n-1\n1\n", "99999999\n", "1\n0\n", "\n")) {
            byte[] content = Arrays.copyOf(map.getBytes(), 512 + 2);
            byte[] archive = new TarBuilder()
                    .pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "8")
                    .entry('0', "a", "", content)
                    .bytes();

            assertThatThrownBy(() -> entries(archive)).as(map).isInstanceOf(TarException.class);
        }
    }

    /** Any damage either goes unnoticed or is a TarException: never another exception, never without end. */
    @Test
    void damaged_archives_never_do_worse_than_being_refused() throws Exception {
        byte[] good = new TarBuilder()
                .pax("path", "a/b/c", "mtime", "12.5", "SCHILY.xattr.user.x", "y")
                .file("a", "content")
                .entry('L', "././@LongLink", "", "long/name\0".getBytes())
                .symlink("s", "target")
                .pax("GNU.sparse.map", "0,3,10,2", "GNU.sparse.size", "12")
                .file("sparse", "abcde")
                .directory("d/")
                .bytes();
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 20000; round++) {
            byte[] bad = good.clone();
            int block = random.nextInt(bad.length / 512) * 512;
            for (int i = random.nextInt(4); i >= 0; i--) {
                bad[block + random.nextInt(512)] = (byte) random.nextInt(256);
            }
            if (random.nextBoolean()) {
                byte[] header = Arrays.copyOfRange(bad, block, block + 512);
                System.arraycopy(TarBuilder.summed(header), 0, bad, block, 512);
            }
            try (var tar = new TarReader(new ByteArrayInputStream(bad))) {
                readAll(tar);
            } catch (TarException e) {
                assertThat(e).hasMessageNotContaining("null");
            } catch (RuntimeException e) {
                throw new AssertionError("seed " + seed + ", round " + round, e);
            }
        }
    }

    private static void readAll(TarReader tar) throws IOException {
        byte[] buffer = new byte[100];
        for (var next = tar.next(); next.isPresent(); next = tar.next()) {
            while (tar.read(buffer, 0, buffer.length) > 0) {
                // to the end
            }
        }
    }

    @Test
    void gzip_of_several_members_is_read_to_its_end() throws Exception {
        var file = new ByteArrayOutputStream();
        file.writeBytes(gzip("first,"));
        file.writeBytes(gzip("second"));
        file.writeBytes(new byte[300]);

        // One byte at a time, and nothing "available": where GZIPInputStream stops after the first.
        InputStream dripping = new InputStream() {
            private final InputStream in = new ByteArrayInputStream(file.toByteArray());

            @Override
            public int read() throws IOException {
                return in.read();
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                return in.read(target, offset, Math.min(1, length));
            }
        };
        try (var in = new GzipInput(dripping)) {
            assertThat(new String(in.readAllBytes())).isEqualTo("first,second");
        }
    }

    @Test
    void gzip_that_is_damaged_or_cut_off_is_noticed() throws Exception {
        byte[] good = gzip("some content that is long enough to be worth it".repeat(10));
        for (int length = 1; length < good.length; length++) {
            byte[] cut = Arrays.copyOf(good, length);
            assertThatThrownBy(() -> readGzip(cut)).as("cut at %d", length).isInstanceOf(TarException.class);
        }
        for (int at = good.length - 8; at < good.length; at++) {
            byte[] bad = good.clone();
            bad[at] ^= 1;
            assertThatThrownBy(() -> readGzip(bad)).as("bit at %d", at).isInstanceOf(TarException.class);
        }
    }

    private static void readGzip(byte[] data) throws IOException {
        try (var in = new GzipInput(new ByteArrayInputStream(data))) {
            in.readAllBytes();
        }
    }

    private static byte[] gzip(String text) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(text.getBytes());
        }
        return bytes.toByteArray();
    }
}
