package zonda.it.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import zonda.kvm.Accelerator;

class AcceleratorIT {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @Test
    void the_probe_sees_an_emulated_machine_come_to_its_end() {
        assumeTrue(Files.isExecutable(Guest.QEMU), "needs qemu-system-x86");

        assertThat(Accelerator.TCG.works(LIMIT)).isTrue();
    }

    @Test
    void one_that_has_no_time_does_not_work() {
        assumeTrue(Files.isExecutable(Guest.QEMU), "needs qemu-system-x86");

        assertThat(Accelerator.TCG.works(Duration.ofMillis(1))).isFalse();
    }
}
