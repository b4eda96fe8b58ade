package zonda.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class FrameTest {
    @Test
    void payloads_of_any_length_come_back_as_they_were_packed() throws IOException {
        String large = "ü".repeat(5000);
        byte[] packed = Payload.empty().put("").put(42).put(large).put(-1).bytes();

        Payload payload = Payload.of(new Frame(Frame.ARGV, packed));

        assertThat(payload.string()).isEmpty();
        assertThat(payload.number()).isEqualTo(42);
        assertThat(payload.string()).isEqualTo(large);
        assertThat(payload.number()).isEqualTo(-1);
        assertThatThrownBy(payload::number).isInstanceOf(IOException.class);
    }

    @Test
    void cut_and_absurd_frames_are_refused() {
        assertThatThrownBy(() -> read(1, 0, 0)).isInstanceOf(EOFException.class);
        assertThatThrownBy(() -> read(1, 0, 0, 0, 9, 1, 2)).isInstanceOf(EOFException.class);
        assertThatThrownBy(() -> read(1, 0x7f, 0, 0, 0)).hasMessageContaining("frame of");
        assertThatThrownBy(() -> read(1, 0xff, 0, 0, 0)).hasMessageContaining("frame of");
        assertThatThrownBy(() -> Payload.of(new Frame(Frame.ARGV, new byte[] {0, 0, 0, 9, 'x'}))
                        .string())
                .hasMessage("short payload");
    }

    private static Frame read(int... bytes) throws IOException {
        byte[] data = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            data[i] = (byte) bytes[i];
        }
        return Frame.read(new ByteArrayInputStream(data));
    }
}
