package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import zonda.base.Json;

/** The stream of vmadm send byte for byte, which SmartOS has to read, and what SmartOS writes, which has to be read. */
class VmBundleTest {
    private static final Json.Obj VM = Json.object().with("uuid", "u-1").with("alias", "w\u00fcb");

    private static byte[] block(String text) {
        return Arrays.copyOf(text.getBytes(StandardCharsets.UTF_8), VmBundle.BLOCK);
    }

    @Test
    void a_vm_is_a_header_and_its_json_and_a_dataset_is_a_header() throws IOException {
        var out = new ByteArrayOutputStream();
        VmBundle.writeVm(out, VM);
        VmBundle.writeDataset(out, "zones/u-1");

        byte[] written = out.toByteArray();

        String json = "{\"uuid\":\"u-1\",\"alias\":\"w\u00fcb\"}";
        String header = new String(written, 0, VmBundle.BLOCK, StandardCharsets.UTF_8);
        assertThat(written).hasSize(3 * VmBundle.BLOCK);
        assertThat(header).matches("MAGIC-VMBUNDLE\0001\0[0-9a-f]{64}\0JSON\00029\000512\0+");
        assertThat(Arrays.copyOfRange(written, VmBundle.BLOCK, 2 * VmBundle.BLOCK))
                .isEqualTo(block(json));
        assertThat(Arrays.copyOfRange(written, 2 * VmBundle.BLOCK, 3 * VmBundle.BLOCK))
                .isEqualTo(block("MAGIC-VMBUNDLE\0001\000-\000zones/u-1\0000\0000\000"));
    }

    @Test
    void what_smartos_wrote_is_read_whatever_word_is_in_the_place_of_the_checksum() throws IOException {
        byte[] json = VM.compact().getBytes(StandardCharsets.UTF_8);
        var smartos = new ByteArrayOutputStream();
        smartos.writeBytes(block("MAGIC-VMBUNDLE\0001\000CHECKSUM\000JSON\000" + json.length + "\000512\000"));
        smartos.writeBytes(Arrays.copyOf(json, VmBundle.BLOCK));
        smartos.writeBytes(block("MAGIC-VMBUNDLE\0001\000CHECKSUM\000zones/u-1\0000\0000\000"));
        var in = new ByteArrayInputStream(smartos.toByteArray());

        assertThat(VmBundle.readVm(in)).isEqualTo(VM);
        assertThat(VmBundle.next(in)).map(VmBundle.Header::name).contains("zones/u-1");
        assertThat(VmBundle.next(in)).isEmpty();
    }

    @Test
    void another_version_is_refused_by_its_number() {
        byte[] newer = block("MAGIC-VMBUNDLE\0002\000CHECKSUM\000JSON\0002\000512\000");

        assertThatThrownBy(() -> VmBundle.readVm(new ByteArrayInputStream(newer)))
                .hasMessage("Invalid bundle: its version is 2, and only 1 is known");
    }
}
