package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FileNameTest {
    @Test
    void utf_8_is_read_as_text() {
        byte[] name = "grüße-日本-🦊".getBytes(StandardCharsets.UTF_8);

        assertThat(FileName.decode(name)).isEqualTo("grüße-日本-🦊");
        assertThat(FileName.encode("grüße-日本-🦊")).isEqualTo(name);
    }

    @Test
    void any_bytes_survive_the_way_there_and_back() {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            byte[] name = new byte[random.nextInt(24)];
            random.nextBytes(name);

            assertThat(FileName.encode(FileName.decode(name)))
                    .as("seed %d, round %d", seed, i)
                    .isEqualTo(name);
        }
    }

    @Test
    void two_different_names_are_never_read_as_one() {
        byte[] latin = {'a', (byte) 0xe9};
        byte[] escaped = FileName.encode("a\u00e9");

        assertThat(FileName.decode(latin)).isNotEqualTo(FileName.decode(escaped));
    }

    @Test
    void what_a_terminal_would_obey_is_shown_as_question_marks() {
        assertThat(FileName.printable("a\u001b[2Jb\n" + FileName.decode(new byte[] {(byte) 0xff})))
                .isEqualTo("a?[2Jb??");
    }
}
