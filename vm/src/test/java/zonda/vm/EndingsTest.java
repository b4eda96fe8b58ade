package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;
import zonda.zones.IdRange;

/** How long a VM may take to shut down before it is ended, as SmartOS has it. */
class EndingsTest {
    @ParameterizedTest
    @CsvSource({
        "joyent, false, 60",
        "joyent-minimal, false, 60",
        "builder, false, 60",
        "lx, false, 60",
        "lx, true, 10",
        "joyent-minimal, true, 10",
        "kvm, false, 180",
        "bhyve, false, 180",
    })
    void each_kind_has_its_time(String brand, boolean docker, long seconds) {
        Json.Obj properties = Json.object()
                .with("uuid", "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0")
                .with("brand", brand)
                .with("docker", docker);
        VmRecord vm = VmRecord.fresh(new VmConfig(properties), new IdRange(65536), VmRecord.Life.INSTALLED);

        assertThat(Endings.limit(vm)).isEqualTo(Duration.ofSeconds(seconds));
    }
}
