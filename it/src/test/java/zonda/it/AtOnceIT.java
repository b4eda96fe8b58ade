package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;

/** Many commands at once, on one VM and on many. */
class AtOnceIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final Duration SOON = Duration.ofSeconds(30);

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    @Test
    void a_delete_ends_a_stop_that_waits() {
        UUID vm = zonda.create(zonda.payload());
        zonda.sh(vm, "printf '#!/bin/sh\\n[ \"$1\" = stop ] && sleep 3\\n' > /etc/rc.d/slow; chmod +x /etc/rc.d/slow");
        try (Call stop = zonda.call("vmadm", "stop", vm.toString())) {
            assertThat(Await.until(SOON, () -> zonda.state(vm).equals("stopping")))
                    .isTrue();
            assertThat(zonda.vmadm("delete", vm.toString()).err())
                    .endsWith("; waiting for its end\nSuccessfully deleted VM " + vm + "\n");
            assertThat(stop.ran(SOON).status()).isZero();
        }
    }

    @Test
    void who_waits_for_another_operation_is_told_which_and_may_go_away() {
        UUID vm = zonda.create(zonda.payload());
        zonda.sh(vm, "printf '#!/bin/sh\\n[ \"$1\" = stop ] && sleep 6\\n' > /etc/rc.d/slow; chmod +x /etc/rc.d/slow");
        try (Call stop = zonda.call("vmadm", "stop", vm.toString())) {
            assertThat(Await.until(SOON, () -> zonda.state(vm).equals("stopping")))
                    .isTrue();
            Call goesAway = zonda.call("vmadm", "start", vm.toString());
            Call waits = zonda.call("vmadm", "update", vm.toString(), "alias=later");
            assertThat(Await.until(SOON, () -> goesAway.err().contains("busy"))).isTrue();
            goesAway.close();
            assertThat(stop.ran(SOON).status()).isZero();
            Ran ran = waits.ran(SOON);
            assertThat(ran.status()).isZero();
            assertThat(ran.err())
                    .matches("VM " + vm + " is busy: stop, since [0-9T:-]+Z; waiting for its end\n"
                            + "Successfully updated VM " + vm + "\n");
        }
        assertThat(zonda.state(vm)).as("nothing is done for who went away").isEqualTo("stopped");
    }

    @Test
    void hundreds_at_once_on_one_vm_and_on_many_are_all_answered() {
        List<UUID> vms = IntStream.range(0, 4)
                .mapToObj(i -> zonda.create(zonda.payload().with("autoboot", false)))
                .toList();
        List<Call> calls = IntStream.range(0, 300)
                .mapToObj(i -> {
                    String vm = vms.get(i % 8 < 5 ? 0 : i % 4).toString();
                    return switch (i % 3) {
                        case 0 -> zonda.call("vmadm", "update", vm, "max_lwps=" + (1000 + i));
                        case 1 -> zonda.call("vmadm", "get", vm);
                        default -> zonda.call("vmadm", "list", "-o", "uuid,max_lwps");
                    };
                })
                .toList();
        for (Call call : calls) {
            Ran ran = call.ran(SOON);
            assertThat(ran.status()).as(ran.toString()).isZero();
            call.close();
        }
        assertThat(vms).allMatch(vm -> zonda.get(vm).integer("max_lwps", 0) >= 1000);
    }

    @Test
    void of_many_that_want_one_address_at_once_one_gets_it() {
        String ip = Network.of(zonda).address(11) + "/24";
        Json.Obj payload = Instance.withNics(zonda.payload(), Instance.nic(ip)).with("autoboot", false);

        List<Call> calls = IntStream.range(0, 6)
                .mapToObj(_ ->
                        zonda.call("vmadm", "create").type(payload.compact()).endInput())
                .toList();

        List<Ran> ran = calls.stream().map(call -> call.ran(SOON)).toList();
        calls.forEach(Call::close);
        assertThat(ran.stream().filter(one -> one.status() == 0)).hasSize(1);
        assertThat(ran.stream().filter(one -> one.status() == 1).map(Ran::err))
                .hasSize(5)
                .allMatch(err -> err.startsWith("Conflict detected with another vm"));
    }

    @Test
    void eight_at_once_are_created_side_by_side_with_all_their_own() {
        Json.Obj payload = Instance.withNics(zonda.payload(), Instance.nic("dhcp"));

        List<Call> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            calls.add(zonda.call("vmadm", "create")
                    .type(payload.with("alias", "vm" + i).compact())
                    .endInput());
        }

        Set<String> addresses = new HashSet<>();
        Set<Long> zoneIds = new HashSet<>();
        for (Call call : calls) {
            Ran ran = call.ran(Instance.LIMIT);
            call.close();
            UUID vm = Instance.created(ran).orElseThrow(() -> new AssertionError(ran));
            addresses.add(zonda.sh(vm, "ip -4 -o addr show dev net0 | awk '{print $4}'"));
            zoneIds.add(zonda.get(vm).integer("zoneid").orElseThrow());
        }
        assertThat(addresses).hasSize(8).allMatch(address -> address.matches("10\\.99\\.[0-9.]+/24"));
        assertThat(zoneIds).hasSize(8).doesNotContain(0L);
        assertThat(zonda.vmadm("list", "-H", "-o", "alias", "-s", "-alias").out())
                .isEqualTo("vm7\nvm6\nvm5\nvm4\nvm3\nvm2\nvm1\nvm0\n");
    }
}
