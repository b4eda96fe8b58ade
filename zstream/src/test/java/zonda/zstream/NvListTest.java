package zonda.zstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import zonda.zstream.NvList.Value;

class NvListTest {
    @Test
    void lists_of_all_kinds_come_back() {
        NvList list = NvList.EMPTY
                .with("flag", new Value.Flag())
                .with("bool", new Value.Bool(true))
                .with("u64", NvList.number(-1))
                .with("i32", new Value.Number(NvCodec.INT32, -7))
                .with("u32", new Value.Number(NvCodec.UINT32, 0xffff_fff0L))
                .with("text", NvList.text("word\u00e9"))
                .with("numbers", new Value.Numbers(NvCodec.UINT64S, List.of(1L, -2L)))
                .with("texts", new Value.Texts(List.of("a", "", "ccc")))
                .with("nested", NvList.nested(NvList.EMPTY.with("x", NvList.number(3))))
                .with("several", new Value.NestedList(List.of(NvList.EMPTY, NvList.EMPTY.with("y", NvList.text("z")))));

        assertThat(NvList.decode(list.encode())).isEqualTo(list);
        NvList bytes = NvList.EMPTY.with("user.a", new Value.Bytes(new byte[] {1, 2, 3}));
        assertThat(NvList.decode(bytes.encode()).get("user.a"))
                .hasValueSatisfying(
                        value -> assertThat(((Value.Bytes) value).value()).containsExactly(1, 2, 3));
    }

    /** RFC 4506 by hand: sizes of a pair are those with its head, and as it lies in memory. */
    @Test
    void the_encoding_is_that_of_libnvpair() {
        assertThat(HexFormat.of()
                        .formatHex(NvList.EMPTY.with("ab", NvList.number(5)).encode()))
                .isEqualTo("01010000" + "00000000" + "00000001"
                        + "00000020" + "00000020" + "00000002" + "61620000" + "00000008" + "00000001"
                        + "0000000000000005"
                        + "0000000000000000");
    }

    @Test
    void damaged_ones_are_refused_without_taking_memory() {
        byte[] good = NvList.EMPTY
                .with("list", new Value.NestedList(List.of(NvList.EMPTY)))
                .with("numbers", new Value.Numbers(NvCodec.UINT64S, List.of(1L)))
                .with("texts", new Value.Texts(List.of("abc")))
                .encode();
        var random = new Random(1);
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = Arrays.copyOf(good, random.nextInt(4) == 0 ? random.nextInt(good.length) : good.length);
            for (int n = 0; n < 3 && bad.length > 0; n++) {
                bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            }
            try {
                NvList.decode(bad);
            } catch (StreamException e) {
                assertThat(e.getMessage()).contains("a list of names and values (nvlist) is damaged");
            }
        }
        assertThatThrownBy(() -> NvList.decode(new byte[] {0, 1, 0, 0})).hasMessageContaining("XDR");
    }
}
