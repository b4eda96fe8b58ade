package zonda.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceleratorTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)    | TCG_IN_TURN
                    QEMU emulator version 8.0.5                                    | TCG_IN_TURN
                    QEMU emulator version 8.1.0                                    | TCG
                    QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2)            | TCG
                    a build without a version                                      | TCG_IN_TURN
                    """)
    void processors_run_at_once_only_where_translation_can_bear_it(String says, Accelerator expected) {
        assertThat(Accelerator.translating(says)).isEqualTo(expected);
    }
}
