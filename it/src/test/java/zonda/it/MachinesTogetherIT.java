package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;

/** Two machines and a zone on one switch. */
@EnabledIfEnvironmentVariable(named = "ZONDA_SLOW_TESTS", matches = ".+", disabledReason = "takes minutes")
class MachinesTogetherIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final MachineGuest guest = new MachineGuest(zonda);

    @TempDir
    static Path files;

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static UUID machine(String brand, UUID image) {
        Json.Obj disk = Json.object().with("boot", true).with("model", "virtio").with("image_uuid", image.toString());
        return zonda.create(Json.object()
                .with("brand", brand)
                .with("alias", brand)
                .with("ram", 256)
                .with("disks", new Json.Arr(List.of(disk)))
                .with("nics", new Json.Arr(List.of(Instance.nic("dhcp").with("model", "virtio")))));
    }

    @Test
    void reach_each_other_whoever_asks() {
        UUID image = UUID.randomUUID();
        String disk = MachineDisk.make(files).toString();
        Ran made = zonda.run("imgadm", "create", "-q", "--from", disk, "name=m", "version=1", "uuid=" + image);
        assertThat(made.status()).as(made.toString()).isZero();
        UUID kvm = machine("kvm", image);
        UUID bhyve = machine("bhyve", image);
        UUID zone = zonda.create(Instance.withNics(zonda.payload("zone"), Instance.nic("dhcp")));

        assertThat(guest.facts(kvm)).containsEntry("alias", "kvm");
        assertThat(guest.facts(bhyve)).containsEntry("alias", "bhyve");
        for (UUID other : List.of(bhyve, zone)) {
            guest.type(kvm, "ping -c 1 -W 20 " + guest.address(other) + " >/dev/null && echo rea''ched", "reached");
        }
        for (UUID other : List.of(kvm, zone)) {
            guest.type(bhyve, "ping -c 1 -W 20 " + guest.address(other) + " >/dev/null && echo rea''ched", "reached");
        }
        for (UUID machine : List.of(kvm, bhyve)) {
            assertThat(zonda.sh(zone, "wget -q -O - http://" + guest.address(machine) + "/facts"))
                    .contains("serial " + machine);
        }
    }
}
