package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;

/** Images with SmartOS' guest tools, which say themselves how far the first boot has come: the file in /var/svc. */
class GuestToolsIT {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final Duration FIRST_BOOT = Duration.ofSeconds(330);

    @RegisterExtension
    static final Instance zonda = new Instance();

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static UUID vm() throws IOException {
        UUID vm = zonda.create(zonda.payload().with("autoboot", false));
        Files.createDirectories(zonda.datasetRoot(vm).resolve("lib/smartdc"));
        return vm;
    }

    /** Starts it, and waits for its tools to be at work. */
    private static Call started(UUID vm) {
        Call start = zonda.call("vmadm", "start", vm.toString());
        assertThat(Await.until(SOON, () -> zonda.get(vm).integer("pid", 0) > 0)).isTrue();
        assertThat(file(vm, "provisioning")).exists();
        assertThat(zonda.state(vm)).isEqualTo("provisioning");
        return start;
    }

    private static Path file(UUID vm, String name) {
        return zonda.datasetRoot(vm).resolve("var/svc").resolve(name);
    }

    @Test
    void a_vm_is_up_when_its_tools_say_so_and_at_later_boots_at_once() throws IOException {
        UUID vm = vm();
        try (Call start = started(vm)) {
            zonda.sh(vm, "mv /var/svc/provisioning /var/svc/provision_success");
            assertThat(start.ran(SOON).err()).isEqualTo("Successfully started VM " + vm + "\n");
        }
        assertThat(zonda.state(vm)).isEqualTo("running");

        assertThat(zonda.vmadm("reboot", "-F", vm.toString()).status()).isZero();
        assertThat(zonda.state(vm)).isEqualTo("running");
        assertThat(file(vm, "provisioning")).doesNotExist();
    }

    @Test
    void a_vm_whose_tools_fail_has_failed() throws IOException {
        UUID vm = vm();
        try (Call start = started(vm)) {
            zonda.sh(vm, "mv /var/svc/provisioning /var/svc/provision_failure");
            Ran ran = start.ran(SOON);
            assertThat(ran.err()).contains("the guest reported that its provisioning failed");
            assertThat(ran.status()).isEqualTo(1);
        }
        assertThat(zonda.state(vm)).isEqualTo("failed");
        assertThat(zonda.get(vm).integer("pid", 0)).isZero();
    }

    @Test
    @EnabledIfEnvironmentVariable(named = "ZONDA_SLOW_TESTS", matches = ".+", disabledReason = "takes minutes")
    void a_vm_whose_tools_say_nothing_has_failed_after_the_time_that_smartos_gives() throws IOException {
        UUID vm = vm();
        try (Call start = started(vm)) {
            Ran ran = start.ran(FIRST_BOOT);
            assertThat(ran.err()).contains("timed out waiting for /var/svc/provisioning to move for " + vm);
            assertThat(ran.status()).isEqualTo(1);
        }
        assertThat(zonda.state(vm)).isEqualTo("failed");
        assertThat(zonda.vmadm("get", vm.toString()).json().string("failed_reason", ""))
                .contains("timed out waiting");
        assertThat(zonda.vmadm("delete", vm.toString()).err()).isEqualTo("Successfully deleted VM " + vm + "\n");
    }
}
