package zonda.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.OpException;

class ZfsNumbersTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0B",
        "512, 512B",
        "1023, 1023B",
        "1024, 1K",
        "98304, 96K",
        "1536, 1.50K",
        "1268776, 1.21M",
        "10737418240, 10G",
        "11811160064, 11G",
        "105226698752, 98G",
        "13421772, 12.8M",
        "134217000, 128M",
        "9223372036854775807, 8.00E",
    })
    void a_size_is_written_in_five_characters(long bytes, String text) {
        assertThat(ZfsNumbers.human(bytes)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "512, 512",
        "1K, 1024",
        "10g, 10737418240",
        "1.5M, 1572864",
        "64KB, 65536",
        "2TiB, 2199023255552"
    })
    void a_size_is_read_with_any_unit(String text, long bytes) {
        assertThat(ZfsNumbers.parse(text).value()).isEqualTo(bytes);
    }

    @Test
    void what_is_no_size_is_refused_in_words() {
        assertThatThrownBy(() -> ZfsNumbers.parse("much"))
                .isInstanceOf(OpException.class)
                .hasMessage("bad numeric value 'much'");
        assertThatThrownBy(() -> ZfsNumbers.parse("100E"))
                .isInstanceOf(OpException.class)
                .hasMessage("numeric value is too large '100E'");
    }
}
