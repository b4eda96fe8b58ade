package zonda.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NetlinkMessageTest {
    @BeforeEach
    void golden_bytes_are_little_endian() {
        Assumptions.assumeTrue(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN, "host is big-endian");
    }

    @Test
    void has_header_padded_attributes_and_nests() {
        var message = new NetlinkMessage("RTM_NEWLINK", "x", 16, NetlinkMessage.CREATE | NetlinkMessage.ACK)
                .u32(7)
                .attribute(3, "z1")
                .nested(18, info -> info.attribute8(1, 5).attribute32(2, 0x01020304));

        assertThat(hex(message.bytes(9)))
                .isEqualTo("30000000" + "1000" + "0504" + "09000000" + "00000000"
                        + "07000000"
                        + "07000300" + "7a310000"
                        + "14001280" + "05000100" + "05000000" + "08000200" + "04030201");
    }

    @Test
    void grows_beyond_its_first_buffer() {
        var message = new NetlinkMessage("x", "x", 1, 0);
        for (int i = 0; i < 1000; i++) {
            message.attribute32(1, i);
        }

        assertThat(message.bytes(1)).hasSize(16 + 8000);
        assertThat(ByteBuffer.wrap(message.bytes(1))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getInt(16 + 7996))
                .isEqualTo(999);
    }

    @Test
    void an_answer_with_a_broken_attribute_ends_there() {
        var payload = ByteBuffer.wrap(HexFormat.of().parseHex("00000000" + "08000100" + "2a000000" + "40000200" + "00"))
                .order(ByteOrder.LITTLE_ENDIAN);

        var answer = NetlinkAnswer.parse(16, payload, 4);

        assertThat(answer.u32(1, 0)).isEqualTo(42);
        assertThat(answer.attributes()).containsOnlyKeys(1);
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
