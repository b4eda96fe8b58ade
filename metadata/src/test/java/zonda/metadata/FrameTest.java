package zonda.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {
    /** The example of the protocol's documentation. */
    private static final String GOLDEN = "V2 21 265ae1d8 dc4fae17 SUCCESS W10=";

    @Test
    void is_written_and_read_as_documented() {
        var frame = new Frame("dc4fae17", "SUCCESS", Optional.of("[]"));

        assertThat(frame.text()).isEqualTo(GOLDEN);
        assertThat(Frame.parse(GOLDEN)).contains(frame);
        assertThat(Frame.parse(new Frame("0", "KEYS", Optional.empty()).text()))
                .contains(new Frame("0", "KEYS", Optional.empty()));
    }

    @Test
    void carries_any_text() {
        var frame = new Frame("ab", "GET", Optional.of("clé\n\0\uD83D\uDE00"));

        assertThat(Frame.parse(frame.text())).contains(frame);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "V2 20 265ae1d8 dc4fae17 SUCCESS W10=",
                "V2 21 265AE1D8 dc4fae17 SUCCESS W10=",
                "V2 21 265ae1d9 dc4fae17 SUCCESS W10=",
                "V2 21 265ae1d8 dc4fae17 SUCCESS W11=",
                "V2 21 265ae1d8",
                "V2 ",
                "V2 99999999999 265ae1d8 dc4fae17 SUCCESS W10=",
                "V2 -1 265ae1d8 dc4fae17 SUCCESS W10=",
            })
    void a_broken_one_is_none(String line) {
        assertThat(Frame.isOne(line)).isTrue();
        assertThat(Frame.parse(line)).isEmpty();
    }
}
