package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Await;
import zonda.base.Json;

/** vmadm(8) through a VM's life: what is done, and every word on the right stream with the right status. */
class LifecycleIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final Duration SOON = Duration.ofSeconds(30);

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    /** Success as vmadm has it: nothing on standard output, one line on standard error. */
    private static void said(Ran ran, String line) {
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).isEqualTo(line + "\n");
    }

    private static void refused(Ran ran, int status, String text) {
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).isEqualTo(text + "\n");
    }

    private static Ran create(Json.Obj payload) {
        return zonda.feed(payload.compact(), "vmadm", "create");
    }

    private static void awaitState(UUID vm, String state) {
        assertThat(Await.until(SOON, () -> zonda.state(vm).equals(state)))
                .as(() -> zonda.get(vm).pretty())
                .isTrue();
    }

    // Coming and going.

    @ParameterizedTest
    @ValueSource(strings = {"joyent", "joyent-minimal", "lx"})
    void a_vm_of_each_zone_brand_is_up_when_its_creation_returns(String brand) {
        UUID uuid = UUID.randomUUID();

        Json.Obj payload = zonda.payload().with("brand", brand).with("uuid", uuid.toString());
        Ran ran = create(brand.equals("lx") ? payload.with("kernel_version", "6.1") : payload);

        said(ran, "Successfully created VM " + uuid);
        Json.Obj vm = zonda.get(uuid);
        assertThat(vm.string("state", "")).isEqualTo("running");
        assertThat(vm.string("zone_state", "")).isEqualTo("running");
        assertThat(vm.string("brand", "")).isEqualTo(brand);
        assertThat(zonda.sh(uuid, "hostname; ls /var/svc")).isEqualTo(uuid + "\nprovision_success");
    }

    @Test
    void stop_start_reboot_and_kill_say_what_they_did() {
        UUID vm = zonda.create(zonda.payload("web01"));

        said(zonda.vmadm("start", vm.toString()), "VM " + vm + " is already 'running'");
        said(zonda.vmadm("stop", "web01"), "Successfully completed stop for VM " + vm);
        assertThat(zonda.state(vm)).isEqualTo("stopped");
        assertThat(zonda.get(vm).bool("autoboot", true)).isFalse();
        assertThat(zonda.get(vm).string("zone_state", "")).isEqualTo("installed");
        said(zonda.vmadm("stop", "web01"), "VM " + vm + " is already 'stopped'");
        refused(zonda.vmadm("kill", "web01"), 1, "Cannot find running init PID for VM " + vm);
        said(zonda.vmadm("boot", "web01"), "Successfully started VM " + vm);
        assertThat(zonda.get(vm).bool("autoboot", false)).isTrue();

        long before = zonda.init(vm);
        said(zonda.vmadm("reboot", "web01"), "Successfully completed reboot for VM " + vm);
        assertThat(zonda.init(vm)).isNotEqualTo(before);
        said(zonda.vmadm("reboot", "-F", "web01"), "Successfully completed reboot for VM " + vm);
        said(zonda.vmadm("kill", "-s", "SIGCONT", "web01"), "Sent signal \"SIGCONT\" to init process for VM " + vm);
        said(zonda.vmadm("kill", "-CONT", "web01"), "Sent signal \"SIGCONT\" to init process for VM " + vm);
        said(zonda.vmadm("stop", "-F", "web01"), "Successfully completed stop for VM " + vm);
        assertThat(zonda.get(vm).integer("exit_status")).contains(-9L);
        said(zonda.vmadm("destroy", "web01"), "Successfully deleted VM " + vm);
        refused(zonda.vmadm("get", vm.toString()), 1, "zoneadm: " + vm + ": No such zone configured");
    }

    @Test
    void an_orderly_stop_runs_the_zones_own_shutdown() {
        UUID vm = zonda.create(zonda.payload());
        zonda.sh(
                vm,
                "printf '#!/bin/sh\\n[ \"$1\" = stop ] && echo bye > /root/bye\\n' > /etc/rc.d/bye; chmod +x /etc/rc.d/bye");

        said(zonda.vmadm("stop", vm.toString()), "Successfully completed stop for VM " + vm);

        assertThat(zonda.datasetRoot(vm).resolve("root/bye")).hasContent("bye");
        assertThat(zonda.get(vm).integer("exit_status")).contains(-2L);
    }

    @Test
    void what_is_written_survives_stop_and_start() {
        UUID vm = zonda.create(zonda.payload());
        zonda.sh(vm, "echo kept > /root/data; echo gone > /tmp/data");

        zonda.vmadm("stop", vm.toString());
        zonda.vmadm("start", vm.toString());

        assertThat(zonda.sh(vm, "cat /root/data; ls /tmp")).isEqualTo("kept");
    }

    @Test
    void a_vm_without_autoboot_is_completed_by_its_first_start() {
        UUID vm = zonda.create(zonda.payload().with("autoboot", false));

        assertThat(zonda.state(vm)).isEqualTo("stopped");
        assertThat(zonda.get(vm).string("zone_state", "")).isEqualTo("installed");
        said(zonda.vmadm("start", vm.toString()), "Successfully started VM " + vm);
        assertThat(zonda.state(vm)).isEqualTo("running");
    }

    @Test
    void nowait_returns_at_once_and_the_vm_comes_up() {
        UUID vm = zonda.create(zonda.payload().with("nowait", true));

        awaitState(vm, "running");
        assertThat(zonda.get(vm).has("nowait")).isFalse();
    }

    @Test
    void poweroff_from_inside_stays_off_and_reboot_comes_back() {
        UUID vm = zonda.create(zonda.payload());
        long before = zonda.init(vm);

        zonda.zlogin(vm.toString(), "reboot");
        assertThat(Await.until(
                        SOON,
                        () -> zonda.get(vm)
                                .integer("pid")
                                .filter(now -> now != before)
                                .isPresent()))
                .isTrue();
        awaitState(vm, "running");

        // busybox' init doesn't hear it before it has set its handlers.
        assertThat(Await.until(SOON, () -> {
                    zonda.zlogin(vm.toString(), "poweroff");
                    return zonda.state(vm).equals("stopped");
                }))
                .isTrue();
        assertThat(zonda.get(vm).integer("exit_status")).contains(-2L);
        said(zonda.vmadm("start", vm.toString()), "Successfully started VM " + vm);
    }

    @Test
    void an_init_that_dies_is_restarted_unless_restart_init_is_off() {
        UUID restarted = zonda.create(zonda.payload());
        UUID left = zonda.create(zonda.payload().with("restart_init", false));
        long before = zonda.init(restarted);

        for (UUID vm : List.of(restarted, left)) {
            said(zonda.vmadm("kill", "-9", vm.toString()), "Sent signal \"SIGKILL\" to init process for VM " + vm);
        }

        awaitState(left, "stopped");
        assertThat(zonda.get(left).integer("exit_status")).contains(-9L);
        assertThat(Await.until(
                        SOON,
                        () -> zonda.get(restarted)
                                .integer("pid")
                                .filter(now -> now != before)
                                .isPresent()))
                .isTrue();
        awaitState(restarted, "running");
    }

    @Test
    void a_provision_that_fails_says_why_with_the_consoles_last_lines_and_can_be_deleted() {
        // No init: it says something and ends.
        UUID uuid = UUID.randomUUID();
        Ran ran = create(zonda.payload().with("uuid", uuid.toString()).with("init_name", "/bin/uname"));

        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).contains("console").contains("Linux");
        assertThat(zonda.state(uuid)).isEqualTo("failed");
        assertThat(zonda.get(uuid).string("failed_reason")).isPresent();
        Ran start = zonda.vmadm("start", uuid.toString());
        assertThat(start.status()).isEqualTo(1);
        assertThat(start.err()).startsWith("Unable to start VM " + uuid + ": its state is failed");
        said(zonda.vmadm("delete", uuid.toString()), "Successfully deleted VM " + uuid);
        zonda.create(zonda.payload().with("uuid", uuid.toString()));
    }

    @Test
    void a_vm_is_deleted_from_every_state() {
        UUID provisioning = zonda.create(zonda.payload().with("autoboot", false));
        UUID running = zonda.create(zonda.payload());
        UUID stopped = zonda.create(zonda.payload());
        zonda.vmadm("stop", "-F", stopped.toString());
        UUID booting = zonda.create(zonda.payload().with("nowait", true));

        for (UUID vm : List.of(provisioning, running, stopped, booting)) {
            said(zonda.vmadm("delete", vm.toString()), "Successfully deleted VM " + vm);
            assertThat(zonda.leftovers().of(vm)).isEmpty();
        }
    }

    @Test
    void a_delete_that_fails_leaves_no_intent_that_would_take_the_vm_away_later() throws Exception {
        UUID vm = zonda.create(zonda.payload());
        Process holder = new ProcessBuilder("sleep", "60")
                .directory(zonda.datasetRoot(vm).toFile())
                .start();
        try {
            Ran ran = zonda.vmadm("delete", vm.toString());
            assertThat(ran.status()).isEqualTo(1);
            assertThat(ran.err()).contains("dataset is busy").contains(String.valueOf(holder.pid()));
            assertThat(zonda.identity().journal().toFile().list()).isEmpty();
        } finally {
            holder.destroyForcibly().waitFor();
        }

        said(zonda.vmadm("delete", vm.toString()), "Successfully deleted VM " + vm);
    }

    // Names.

    @Test
    void a_vm_is_named_by_alias_or_the_beginning_of_its_uuid_when_that_is_unique() {
        Json.Obj off = zonda.payload().with("autoboot", false);
        UUID one = zonda.create(off.with("alias", "web").with("uuid", "aaaa0000-0000-4000-8000-000000000001"));
        UUID two = zonda.create(off.with("alias", "web").with("uuid", "aaaa0000-0000-4000-8000-000000000002"));
        UUID other = zonda.create(off.with("alias", "db").with("uuid", "bbbb0000-0000-4000-8000-000000000003"));

        assertThat(zonda.vmadm("get", "db").json().string("uuid", "")).isEqualTo(other.toString());
        assertThat(zonda.vmadm("get", "b").json().string("uuid", "")).isEqualTo(other.toString());
        refused(zonda.vmadm("get", "web"), 1, "\"web\" is not unique: " + one + ", " + two);
        refused(zonda.vmadm("get", "aaaa"), 1, "\"aaaa\" is not unique: " + one + ", " + two);
        refused(zonda.vmadm("get", "nothing"), 1, "no VM has UUID, UUID prefix or alias \"nothing\"");
    }

    // What is refused.

    @Test
    void an_unknown_property_is_warned_of_with_what_was_meant_and_an_error_when_strict() {
        Json.Obj typo = zonda.payload().with("autoboot", false).with("max_phyical_memory", 128);

        Ran lax = create(typo);
        assertThat(lax.status()).isZero();
        assertThat(lax.err())
                .isEqualTo("Successfully created VM " + Instance.created(lax).orElseThrow()
                        + "\nwarning: unknown property \"max_phyical_memory\" is ignored (did you mean"
                        + " \"max_physical_memory\"?)\n");

        Ran strict = zonda.feed(typo.compact(), "vmadm", "create", "--strict");
        refused(strict, 1, "Invalid property names: max_phyical_memory");
    }

    @Test
    void bad_payloads_are_refused_in_vmadms_words() {
        Json.Obj good = zonda.payload();
        refused(
                create(good.with("max_physical_memory", "lots").with("autoboot", "perhaps")),
                1,
                "Invalid value(s) for: autoboot,max_physical_memory");
        refused(create(good.without("image_uuid")), 1, "Missing required properties: image_uuid");
        refused(create(good.with("brand", "lx")), 1, "Missing required properties: kernel_version");
        refused(create(good.with("brand", "vmware")), 1, "Invalid brand: 'vmware'");
        refused(create(good.with("zpool", "tank")), 1, "Invalid value(s) for: zpool; zpool \"tank\" does not exist");
        String image = UUID.randomUUID().toString();
        refused(
                create(good.with("image_uuid", image)),
                1,
                "Invalid value(s) for: image_uuid; Image " + image + " not found in zpool zones");
        refused(
                create(Instance.withNics(good, Instance.nic("dhcp").with("nic_tag", "nowhere"))),
                1,
                "Invalid nic tag \"nowhere\"");
        Ran syntax = zonda.feed("{\"brand\":", "vmadm", "create");
        assertThat(syntax.status()).isEqualTo(1);
        assertThat(syntax.err()).startsWith("Invalid JSON payload: ");
        refused(zonda.vmadm("create", "-f", "/nowhere/x.json"), 1, "File: /nowhere/x.json does not exist.");
        try (Call tty = zonda.onTerminal("vmadm", "create")) {
            Ran ran = tty.ran(SOON);
            assertThat(ran.status()).isEqualTo(2);
            assertThat(ran.err()).startsWith("Will not create from stdin when stdin is a tty.\n");
        }
        assertThat(zonda.vmadm("list", "-H").out()).isEmpty();
    }

    @Test
    void wrong_words_are_answered_with_the_usage_on_standard_error() {
        for (List<String> words : List.of(
                List.of("start"),
                List.of("get"),
                List.of("delete"),
                List.of("frobnicate"),
                List.of("list", "-x"),
                List.of("lookup", "-o", "uuid"),
                List.of("list", "nosuch=1"))) {
            Ran ran = zonda.vmadm(words.toArray(String[]::new));
            assertThat(ran.status()).as(words.toString()).isEqualTo(2);
            assertThat(ran.out()).isEmpty();
            assertThat(ran.err()).contains("Usage:");
        }
        assertThat(zonda.vmadm("start").err()).startsWith("Invalid or missing UUID for start\n");
        assertThat(zonda.feed("{}", "vmadm", "validate").err())
                .startsWith("Will not validate without a valid action.\n");
        assertThat(zonda.feed("{}", "vmadm", "validate", "update").err())
                .startsWith("Will not validate without a valid action and brand.\n");
        assertThat(zonda.vmadm("frobnicate").err()).startsWith("Invalid command: \"frobnicate\".\n");
        assertThat(zonda.vmadm("lookup", "-o", "uuid").err()).startsWith("Cannot specify -o without -j\n");
        assertThat(zonda.vmadm("list", "nosuch=1").err()).startsWith("Invalid filter key: \"nosuch\"\n");
        assertThat(zonda.vmadm("lookup", "nosuch=1").err()).startsWith("Invalid lookup key: \"nosuch\"\n");
        assertThat(zonda.vmadm("list", "-o", "nosuch").err()).startsWith("Invalid order key: \"nosuch\"\n");
        assertThat(zonda.vmadm("list", "-s", "nosuch").err()).startsWith("Invalid sort key: \"nosuch\"\n");
        Ran help = zonda.vmadm("help");
        assertThat(help.status()).isZero();
        assertThat(help.out()).startsWith("Usage: vmadm");
        assertThat(help.err()).isEmpty();
    }

    @Test
    void validate_says_valid_or_what_is_wrong_as_json_on_standard_error() {
        said(
                zonda.feed(zonda.payload().compact(), "vmadm", "validate", "create"),
                "VALID 'create' payload for joyent-minimal brand VMs.");
        said(
                zonda.feed("{\"alias\":\"x\"}", "vmadm", "validate", "update", "lx"),
                "VALID 'update' payload for lx brand VMs.");
        Ran bad = zonda.feed(
                zonda.payload()
                        .without("image_uuid")
                        .with("quota", -1)
                        .with("typo", 1)
                        .compact(),
                "vmadm",
                "validate",
                "create");
        assertThat(bad.status()).isEqualTo(1);
        assertThat(bad.out()).isEmpty();
        assertThat(Json.parseObject(bad.err()))
                .isEqualTo(
                        Json.parseObject(
                                "{\"bad_properties\":[\"typo\"],\"bad_values\":[\"quota\"],\"missing_properties\":[\"image_uuid\"]}"));
        Ran none = zonda.feed("{}", "vmadm", "validate", "create");
        assertThat(Json.parseObject(none.err()).array("missing_properties").strings())
                .containsExactly("brand", "image_uuid");
        Ran update = zonda.feed("{}", "vmadm", "validate", "update", "gorilla");
        assertThat(update.status()).isEqualTo(1);
        assertThat(Json.parseObject(update.err()).compact()).isEqualTo("{\"bad_brand\":\"gorilla\"}");
        Ran brand = zonda.feed(zonda.payload().with("brand", "x").compact(), "vmadm", "validate", "create");
        assertThat(Json.parseObject(brand.err())).isEqualTo(Json.parseObject("{\"bad_brand\":\"x\"}"));
    }

    @Test
    void addresses_and_uuids_that_another_vm_has_are_a_conflict() {
        String ip = Network.of(zonda).address(10) + "/24";
        Json.Obj nic = Instance.nic(ip).with("mac", "02:08:20:00:00:01");
        UUID first = zonda.create(Instance.withNics(zonda.payload(), nic).with("autoboot", false));
        String conflict = "Conflict detected with another vm, please check the MAC, IP, and VRID (" + first + ")";

        refused(create(Instance.withNics(zonda.payload(), Instance.nic(ip))), 1, conflict);
        refused(
                create(Instance.withNics(zonda.payload(), Instance.nic("dhcp").with("mac", "02:08:20:00:00:01"))),
                1,
                conflict);
        refused(create(zonda.payload().with("uuid", first.toString())), 1, "VM with UUID " + first + " already exists");
        assertThat(zonda.vmadm("lookup").out()).isEqualTo(first + "\n");
    }

    // Lists.

    @Test
    void list_and_lookup_print_the_columns_and_the_vms_that_are_asked_for() {
        Json.Obj off = zonda.payload().with("autoboot", false);
        Json.Obj web = off.with("alias", "web")
                .with("uuid", "aaaa0000-0000-4000-8000-000000000001")
                .with("tags", Json.object().with("role", "front"));
        Json.Obj db = Instance.withNics(
                        off.with("alias", "db"), Instance.nic("dhcp").with("mac", "02:08:20:00:00:02"))
                .with("brand", "lx")
                .with("kernel_version", "6.1")
                .with("max_physical_memory", 128)
                .with("uuid", "bbbb0000-0000-4000-8000-000000000002");
        zonda.create(web);
        zonda.create(db);

        Ran list = zonda.vmadm("list");
        assertThat(list.err()).isEmpty();
        assertThat(list.out()).isEqualTo("""
                UUID                                  TYPE  RAM      STATE             ALIAS
                aaaa0000-0000-4000-8000-000000000001  OS    64       stopped           web
                bbbb0000-0000-4000-8000-000000000002  LX    128      stopped           db
                """);
        assertThat(zonda.vmadm("list", "-p", "-o", "alias,quota,exit_status,nics.0.mac")
                        .out())
                .isEqualTo("web:1::\ndb:1::02:08:20:00:00:02\n");
        assertThat(zonda.vmadm("list", "-H", "-o", "alias,cpu_cap", "-s", "-ram")
                        .out())
                .isEqualTo("db          -\nweb         -\n");
        assertThat(zonda.vmadm("list", "-H", "-o", "alias", "tags.role=front").out())
                .isEqualTo("web\n");
        assertThat(zonda.vmadm("list", "-H", "-o", "alias", "alias=~^D", "ram=128")
                        .out())
                .isEqualTo("db\n");
        assertThat(zonda.vmadm("lookup", "nics.*.mac=2:8:20:0:0:2").out())
                .isEqualTo("bbbb0000-0000-4000-8000-000000000002\n");
        assertThat(zonda.vmadm("lookup", "alias=none").status()).isZero();
        assertThat(zonda.vmadm("lookup", "-1", "-j", "-o", "type", "alias=db").out())
                .isEqualToIgnoringWhitespace("[{\"type\":\"LX\"}]");
        assertThat(zonda.vmadm("lookup", "-1", "type=OS").out()).isEqualTo("aaaa0000-0000-4000-8000-000000000001\n");
        refused(zonda.vmadm("lookup", "-1"), 1, "Requested unique lookup but found 2 results.");
        refused(zonda.vmadm("lookup", "-1", "alias=none"), 1, "Requested unique lookup but found 0 results.");
        assertThat(zonda.vmadm("lookup", "-j", "-o", "alias,ram").out())
                .isEqualToIgnoringWhitespace("[{\"alias\":\"web\",\"ram\":64},{\"alias\":\"db\",\"ram\":128}]");
        refused(zonda.vmadm("info", "web"), 1, "no info types supported for brand joyent-minimal");
        refused(zonda.vmadm("console", "web"), 1, "cannot connect to console when state is 'stopped', must be running");
        assertThat(zonda.run("zoneadm", "list", "-cp").out())
                .startsWith("0:global:running:/:")
                .contains("-:aaaa0000-0000-4000-8000-000000000001:installed:");
        assertThat(zonda.run("zoneadm", "list").out()).isEqualTo("global\n");
        assertThat(zonda.run("zonename").out()).isEqualTo("global\n");
    }

    @Test
    void an_empty_list_has_a_header_only() {
        assertThat(zonda.vmadm("list").out())
                .isEqualTo("UUID                                  TYPE  RAM      STATE             ALIAS\n");
        assertThat(zonda.vmadm("list", "-p").out()).isEmpty();
        assertThat(zonda.vmadm("lookup", "-j").out()).isEqualToIgnoringWhitespace("[]");
        assertThat(Optional.of(zonda.vmadm("lookup").out())).contains("");
    }
}
