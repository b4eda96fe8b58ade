package zonda.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class HostCpuTest {
    private static List<String> processor(int number, int socket, int core) {
        return List.of(
                "processor\t: " + number,
                "model name\t: Some CPU @ 2.00GHz",
                "physical id\t: " + socket,
                "core id\t\t: " + core,
                "flags\t\t: fpu vmx sse",
                "vmx flags\t: vnmi",
                "");
    }

    @Test
    void sockets_cores_and_threads_are_counted_apart() {
        var cpuinfo = new java.util.ArrayList<String>();
        for (int number = 0; number < 8; number++) {
            cpuinfo.addAll(processor(number, number / 4, number / 2 % 2));
        }

        assertThat(HostCpu.of(cpuinfo, 10)).isEqualTo(new HostCpu("Some CPU @ 2.00GHz", "vmx", 2, 4, 8, 10));
    }

    @Test
    void a_host_that_does_not_tell_of_sockets_has_one() {
        List<String> cpuinfo = List.of("processor\t: 0", "BogoMIPS\t: 48.00", "processor\t: 1");
        assertThat(HostCpu.of(cpuinfo, 0)).isEqualTo(new HostCpu("unknown", "none", 1, 2, 2, 2));
    }
}
