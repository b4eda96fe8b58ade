package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DecompressionTest {
    /** By hand: literals "abc", then a copy of 9 from 3 back, literals "xyz12". */
    @Test
    void lz4_takes_literals_and_copies() {
        byte[] packed = {0, 0, 0, 12, 0x35, 'a', 'b', 'c', 3, 0, 0x50, 'x', 'y', 'z', '1', '2', 0, 0, 0};

        assertThat(text(Decompression.LZ4, packed, 17)).isEqualTo("abcabcabcabcxyz12");
    }

    /** By hand: a map that says the fourth item is a copy, of 3 + 3 bytes from 3 back. */
    @Test
    void lzjb_takes_literals_and_copies() {
        byte[] packed = {0b0000_1000, 'a', 'b', 'c', 3 << 2, 3, 'z', 0, 0};

        assertThat(text(Decompression.LZJB, packed, 10)).isEqualTo("abcabcabcz");
    }

    @Test
    void zle_takes_literals_and_runs_of_zeros() {
        byte[] packed = {1, 'a', 'b', 64 + 2, 0, 'c'};

        assertThat(text(Decompression.ZLE, packed, 6)).isEqualTo("ab\0\0\0c");
    }

    @ParameterizedTest
    @ValueSource(ints = {Decompression.GZIP_1, Decompression.GZIP_9})
    void gzip_is_a_zlib_stream(int algorithm) {
        byte[] content = "hello ".repeat(300).getBytes(StandardCharsets.UTF_8);
        var deflater = new Deflater(6);
        deflater.setInput(content);
        deflater.finish();
        byte[] packed = new byte[1024];
        int length = deflater.deflate(packed);
        deflater.end();
        byte[] target = new byte[content.length];

        Decompression.into(algorithm, packed, length, target, target.length);

        assertThat(target).isEqualTo(content);
    }

    @Test
    void what_is_left_of_a_plain_block_is_zeros() {
        byte[] target = {9, 9, 9, 9};

        Decompression.into(Decompression.OFF, new byte[] {1, 2}, 2, target, 4);

        assertThat(target).containsExactly(1, 2, 0, 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 5, 14, 15, 16, 17, 99})
    void damaged_content_is_refused_and_nothing_is_written_beyond_its_block(int algorithm) {
        var random = new Random(algorithm);
        for (int i = 0; i < 20_000; i++) {
            byte[] packed = new byte[random.nextInt(1, 200)];
            random.nextBytes(packed);
            if (packed.length > 4 && random.nextInt(3) > 0) {
                Words.BIG.put32(packed, 0, random.nextInt(packed.length));
            }
            byte[] target = new byte[1100];
            Arrays.fill(target, 1000, 1100, (byte) 7);
            try {
                Decompression.into(algorithm, packed, packed.length, target, 1000);
            } catch (Decompression.Damaged e) {
                assertThat(e.getMessage()).isNotEmpty();
            }
            for (int at = 1000; at < 1100; at++) {
                if (target[at] != 7) {
                    throw new AssertionError("round " + i + " wrote to " + at);
                }
            }
        }
    }

    @Test
    void an_unknown_algorithm_is_named() {
        assertThatThrownBy(() -> Decompression.into(77, new byte[8], 8, new byte[8], 8))
                .hasMessage("compressed by the unknown algorithm 77");
    }

    private static String text(int algorithm, byte[] packed, int size) {
        byte[] target = new byte[size];
        Decompression.into(algorithm, packed, packed.length, target, size);
        var out = new ByteArrayOutputStream();
        out.writeBytes(target);
        return out.toString(StandardCharsets.UTF_8);
    }
}
