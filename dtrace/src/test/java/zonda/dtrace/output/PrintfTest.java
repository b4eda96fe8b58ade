package zonda.dtrace.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.dtrace.code.Action.Datum;
import zonda.dtrace.code.Format;
import zonda.dtrace.provider.View;
import zonda.dtrace.types.DType;

/** Every conversion, as printf(3) and the guide have it. */
class PrintfTest {
    private static final DType SHORT = new DType.Int("short", 2, true);
    private static final DType USHORT = new DType.Int("ushort_t", 2, false);

    private static String format(String format, DType type, long bits) {
        ByteBuffer record = ByteBuffer.allocate(16).order(ByteOrder.nativeOrder());
        record.putLong(0, bits);
        return new Printf(new Symbols(View.ALL), 256, 14)
                .format(Format.parse(format, 1), List.of(new Datum(0, type)), record);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            ignoreLeadingAndTrailingWhitespace = false,
            quoteCharacter = '~',
            value = {
                "%d;-5;-5",
                "%i;42;42",
                "[%5d];42;[   42]",
                "[%-5d];42;[42   ]",
                "[%05d];42;[00042]",
                "[%05d];-42;[-0042]",
                "[%-05d];42;[00042]",
                "[%0-5d];42;[42   ]",
                "[%+d];42;[+42]",
                "[% d];42;[ 42]",
                "[%.4d];42;[0042]",
                "[%8.3d];42;[     042]",
                "[%.0d];0;[0]",
                "[%'d];1234567;[1234567]",
                "%x;255;ff",
                "%X;255;FF",
                "%#x;255;0xff",
                "%#X;255;0XFF",
                "[%#8x];291;[   0x123]",
                "%#x;0;0",
                "%o;8;10",
                "%#o;8;010",
                "%u;-1;4294967295",
                "%x;-1;ffffffff",
                "%c;65;A",
                "%wc;65;A",
                "%lc;65;A",
                "%C;10;\\n",
                "%C;65;A",
                "%p;4660;1234",
                "%#p;4660;0x1234",
                "[%?d];7;[               7]",
                "100%%;7;100%",
            })
    void a_number_of_four_bytes_is_written(String format, int value, String text) {
        assertThat(format(format, DType.INT, value)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"%d, -1, -1", "%hd, -1, -1", "%u, -1, 65535", "%hx, -1, ffff", "%ho, 8, 10"})
    void a_number_has_the_width_of_its_type(String format, short value, String text) {
        assertThat(format(format, SHORT, value)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource({"%d, 65535", "%i, 65535", "%P, 65535", "%hu, 65535"})
    void a_number_without_a_sign_shows_none(String format, String text) {
        assertThat(format(format, USHORT, -1)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "%f; 1.5; 1.500000",
                "%.2f; 1.239; 1.24",
                "%e; 12345.678; 1.234568e+04",
                "%E; 0; 0.000000E+00",
                "%.3e; 0.00012; 1.200e-04",
                "%g; 0; 0",
                "%g; 100000; 100000",
                "%g; 1000000; 1e+06",
                "%G; 0.00001; 1E-05",
                "%g; 0.0001; 0.0001",
                "%g; 2.50; 2.5",
                "%+f; 2; +2.000000",
            })
    void a_floating_point_number_is_written_as_c_does(String format, double value, String text) {
        assertThat(format(format, new DType.Float("double", 8), Double.doubleToRawLongBits(value)))
                .isEqualTo(text);
        assertThat(FloatText.extended(0xc000000000000000L, 16383)).isEqualTo(1.5);
    }

    @ParameterizedTest
    @CsvSource({"%I, 127.0.0.1", "%#x, 0x100007f"})
    void an_address_of_the_internet_is_written(String format, String text) {
        assertThat(format(format, DType.UINT, 0x0100007f)).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {"%Y; 2023 Nov 1[45] [0-9:]{8}", "%T; (Tue, 14|Wed, 15) Nov 2023 [0-9:]{8} [A-Z0-9:+-]+"})
    void a_time_is_written_as_the_machine_s_zone_has_it(String format, String pattern) {
        assertThat(format(format, new DType.Int("int64_t", 8, true), 1_700_000_000_000_000_000L))
                .matches(pattern);
    }
}
