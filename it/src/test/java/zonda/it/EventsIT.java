package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Json;

/** events of vmadm(8). */
class EventsIT {
    private static final Duration SOON = Duration.ofSeconds(20);

    @RegisterExtension
    static final Instance zonda = new Instance();

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
    }

    private static Call events(String... words) {
        String[] all = new String[words.length + 1];
        all[0] = "events";
        System.arraycopy(words, 0, all, 1, words.length);
        return zonda.call("vmadm", all);
    }

    @Test
    void a_vms_life_is_told_line_by_line() {
        try (Call call = events("-r")) {
            call.awaitOut("] ready\n", SOON);
            UUID vm = zonda.create(zonda.payload("web01"));
            String head = "] " + vm.toString().substring(0, 8) + " web01 ";
            call.awaitOut(head + "create\n", SOON);
            call.awaitOut(head + "modify: state changed :: \"provisioning\" -> \"running\"\n", SOON);

            zonda.vmadm("update", vm.toString(), "max_lwps=500");
            call.awaitOut(head + "modify: max_lwps changed :: 2000 -> 500\n", SOON);
            zonda.vmadm("create-snapshot", vm.toString(), "one");
            call.awaitOut(head + "modify: snapshots.* added :: {\"name\":\"one\",", SOON);
            zonda.sh(vm, "mdata-put answer 42");
            call.awaitOut(head + "modify: customer_metadata.answer added :: \"42\"\n", SOON);
            zonda.vmadm("stop", vm.toString(), "-F");
            call.awaitOut(head + "modify: state changed :: ", SOON);
            call.awaitOut("-> \"stopped\"\n", SOON);
            zonda.delete(vm);
            call.awaitOut(head + "delete\n", SOON);

            assertThat(call.out().lines()).allMatch(line -> line.matches("\\[\\d\\d:\\d\\d:\\d\\d[.]\\d{3}Z] .*"));
            assertThat(call.err()).isEmpty();
        }
    }

    @Test
    void a_dead_init_is_told_before_its_zone_is_taken_apart() {
        UUID vm = zonda.create(zonda.payload("web01").with("restart_init", false));
        try (Call call = events("-r")) {
            call.awaitOut("] ready\n", SOON);
            zonda.vmadm("kill", "-9", vm.toString());
            call.awaitOut("modify: state changed :: \"running\" -> \"stopping\"\n", SOON);
            call.awaitOut("modify: state changed :: \"stopping\" -> \"stopped\"\n", SOON);
            assertThat(call.out())
                    .contains("modify: zone_state changed :: \"running\" -> \"shutting_down\"\n")
                    .contains("modify: zone_state changed :: \"shutting_down\" -> \"installed\"\n");
        }
    }

    @Test
    void json_has_the_changes_and_the_vm_and_a_filter_leaves_others_out() {
        UUID wanted = zonda.create(zonda.payload("web01").with("autoboot", false));
        UUID other = zonda.create(zonda.payload("web02").with("autoboot", false));
        try (Call call = events("-j", "-r", "web01");
                Call full = events("-f", "-r")) {
            call.awaitOut("\"type\":\"ready\"", SOON);
            full.awaitOut("ready\n", SOON);
            zonda.vmadm("update", other.toString(), "max_lwps=500");
            zonda.vmadm("update", wanted.toString(), "max_lwps=600");
            call.awaitOut("\"newValue\":600", SOON);
            full.awaitOut("Z] " + wanted + " web01 modify: max_lwps changed :: 2000 -> 600\n", SOON);
            zonda.vmadm("update", other.toString(), "alias=");
            zonda.vmadm("update", other.toString(), "max_lwps=700");
            full.awaitOut("Z] " + other + " - modify: max_lwps changed :: 500 -> 700\n", SOON);
            zonda.vmadm("update", other.toString(), "alias=" + "a".repeat(31));
            zonda.vmadm("update", other.toString(), "max_lwps=701");
            full.awaitOut("Z] " + other + " " + "a".repeat(30) + " modify: max_lwps changed :: 700 -> 701\n", SOON);
            assertThat(full.out()).contains("Z] " + other + " web02 modify: max_lwps changed :: 2000 -> 500\n");

            List<Json.Obj> told = call.out().lines().map(Json::parseObject).toList();
            assertThat(Json.parse(told.getFirst().string("vms", "")))
                    .isInstanceOfSatisfying(
                            Json.Arr.class,
                            vms -> assertThat(vms.objects())
                                    .extracting(vm -> vm.string("alias", ""))
                                    .containsExactlyInAnyOrder("web01", "web02"));
            assertThat(told.subList(1, told.size()))
                    .allMatch(event -> event.string("uuid", "").equals(wanted.toString()))
                    .anyMatch(event -> event.string("type", "").equals("modify")
                            && event.object("vm").integer("max_lwps", 0) == 600
                            && event.array("changes").objects().stream()
                                    .anyMatch(change -> change.string("prettyPath", "")
                                                    .equals("max_lwps")
                                            && change.string("action", "").equals("changed")));
        }
    }

    @Test
    void a_wrong_word_is_refused() {
        Ran ran = zonda.vmadm("events", "nosuch");
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err()).contains("nosuch");
        assertThat(zonda.vmadm("events", "-x").status()).isEqualTo(2);
    }
}
