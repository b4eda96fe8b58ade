package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;

/** What vmadm(8) would do, why things are as they are, what payloads look like, and how its words can be put. */
class PlanningIT {
    private static final String NONE = "00000000-0000-0000-0000-000000000009";

    @RegisterExtension
    static final Instance zonda = new Instance();

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
    }

    @Test
    void what_would_be_created_or_changed_is_printed_and_nothing_happens() {
        Ran ran = zonda.feed(zonda.payload("web01").compact(), "vmadm", "create", "-n");
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(Json.parseObject(ran.out()).integer("max_lwps", 0)).isEqualTo(2000);
        assertThat(zonda.vmadm("list", "-H").out()).isEmpty();

        UUID vm = zonda.create(
                Instance.withNics(zonda.payload("web01").with("autoboot", false), Instance.nic("10.99.0.201/24")));
        Json.Obj taken =
                Instance.withNics(zonda.payload("web02").with("uuid", vm.toString()), Instance.nic("10.99.0.201/24"));
        ran = zonda.feed(taken.compact(), "vmadm", "create", "-n");
        assertThat(ran.status()).isEqualTo(1);

        Json.Obj before = zonda.get(vm);
        ran = zonda.vmadm("update", "-n", vm.toString(), "max_lwps=500", "alias=", "quota=7");
        assertThat(ran.out().lines())
                .containsExactlyInAnyOrder(
                        "max_lwps changed :: 2000 -> 500", "alias removed :: \"web01\"", "quota changed :: 1 -> 7");
        assertThat(zonda.vmadm("update", "-n", vm.toString(), "max_lwps=many").status())
                .isEqualTo(1);
        assertThat(zonda.get(vm)).isEqualTo(before);
    }

    private static Ran apply(Json.Obj payload, String... options) {
        String[] arguments =
                Stream.concat(Stream.of("apply"), Stream.of(options)).toArray(String[]::new);
        return zonda.feed(payload.compact(), "vmadm", arguments);
    }

    @Test
    void what_is_applied_is_created_then_left_alone_then_changed_as_the_payload_changes() {
        Json.Obj payload = Instance.withNics(
                        zonda.payload("web01").with("tags", Json.object().with("role", "web")),
                        Instance.nic("10.99.0.201/24"))
                .with("autoboot", false);
        Ran ran = apply(payload, "-n");
        assertThat(ran.out().lines()).contains("alias added :: \"web01\"", "quota added :: 1");
        assertThat(ran.err()).contains("would be created");
        assertThat(zonda.vmadm("list", "-H").out()).isEmpty();

        ran = apply(payload);
        UUID vm = Instance.created(ran).orElseThrow();
        assertThat(ran.out().lines()).contains("tags added :: {\"role\":\"web\"}");
        Json.Obj before = zonda.get(vm);

        ran = apply(payload);
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).isEqualTo("VM " + vm + " is as it should be\n");
        assertThat(zonda.get(vm)).isEqualTo(before);

        Json.Obj changed = Instance.withNics(payload, Instance.nic("10.99.0.202/24"), Instance.nic("10.99.0.203/24"))
                .with("quota", 2)
                .with("tags", Json.object().with("tier", "front"));
        ran = apply(changed, "-n");
        assertThat(ran.err()).isEqualTo("VM " + vm + " would be updated\n");
        assertThat(ran.out().lines()).contains("quota changed :: 1 -> 2", "tags.tier added :: \"front\"");
        assertThat(zonda.get(vm)).isEqualTo(before);
        ran = apply(changed);
        assertThat(ran.err()).isEqualTo("Successfully updated VM " + vm + "\n");
        Json.Obj after = zonda.get(vm);
        assertThat(after.object("tags").members().keySet()).containsExactly("role", "tier");
        assertThat(after.array("nics").objects()).hasSize(2);
        assertThat(after.array("nics").objects().getFirst().string("mac", ""))
                .as("the NIC is the same one")
                .isEqualTo(before.array("nics").objects().getFirst().string("mac", "-"));
        assertThat(apply(changed).err()).isEqualTo("VM " + vm + " is as it should be\n");

        ran = apply(payload.with("nics", new Json.Arr(List.of())));
        assertThat(ran.status()).as(ran.toString()).isZero();
        assertThat(zonda.get(vm).array("nics").items()).isEmpty();
    }

    @Test
    void what_can_not_be_applied_is_said_and_changes_nothing() {
        UUID vm = zonda.create(zonda.payload("web01").with("autoboot", false));
        Json.Obj before = zonda.get(vm);
        Ran ran = apply(zonda.payload("web01")
                .with("brand", "joyent")
                .with("image_uuid", UUID.randomUUID().toString()));
        assertThat(ran.status()).isEqualTo(1);
        assertThat(ran.err())
                .contains("can not be changed of VM " + vm, "brand (it is \"joyent-minimal\")", "image_uuid (it is");
        assertThat(apply(zonda.payload()).err()).contains("its uuid or its alias");
        assertThat(apply(zonda.payload("web01").with("quota", "much")).err()).contains("Invalid value(s) for: quota");
        assertThat(apply(zonda.payload("web01").with("qutoa", 7)).err()).contains("unknown property \"qutoa\"");
        assertThat(zonda.get(vm)).isEqualTo(before);

        zonda.create(zonda.payload("web01").with("autoboot", false));
        assertThat(apply(zonda.payload("web01")).err()).contains("2 VMs have the alias \"web01\"");
        assertThat(apply(zonda.payload("web02").with("uuid", vm.toString()), "-n")
                        .out())
                .isEqualTo("alias changed :: \"web01\" -> \"web02\"\n");
    }

    @Test
    void a_vm_whose_first_boot_failed_is_explained() {
        Json.Obj payload = zonda.payload("web01").with("init_name", "/bin/false");
        Ran ran = zonda.feed(payload.compact(), "vmadm", "create");
        assertThat(ran.status()).isEqualTo(1);
        UUID vm = UUID.fromString(zonda.vmadm("lookup", "alias=web01").out().strip());
        String why = zonda.vmadm("why", "web01").out();
        assertThat(why)
                .startsWith("VM " + vm + " (web01) is failed\n  ")
                .contains("the zone ended as soon as it was started")
                .contains("vmadm delete web01");
        assertThat(zonda.vmadm("update", "web01", "init_name=").status()).isZero();
        assertThat(zonda.vmadm("start", "web01").err())
                .startsWith("Unable to start VM " + vm + ": its state is failed");
        Json.Obj image = Json.object().with("image_uuid", zonda.image().toString());
        assertThat(zonda.feed(image.compact(), "vmadm", "reprovision", "web01").err())
                .isEqualTo("Successfully reprovisioned VM " + vm + "\n");
        assertThat(zonda.state(vm)).isEqualTo("running");
        assertThat(zonda.get(vm).has("failed_reason")).isFalse();
        assertThat(zonda.vmadm("why", "nosuch").status()).isEqualTo(1);
    }

    @Test
    void a_vm_that_runs_or_was_stopped_is_explained() {
        UUID vm = zonda.create(zonda.payload("web01"));
        assertThat(zonda.vmadm("why", vm.toString()).out())
                .startsWith("VM " + vm + " (web01) is running\n")
                .endsWith("nothing is known to be wrong with it\n");
        zonda.vmadm("stop", vm.toString(), "-F");
        assertThat(zonda.vmadm("why", vm.toString()).out())
                .startsWith("VM " + vm + " (web01) is stopped\n")
                .contains("its init ended last at ", ": by signal 9\n")
                .endsWith("to boot it: vmadm start web01\n");
    }

    @Test
    void a_schema_tells_of_each_property_that_the_verb_takes() {
        Json.Obj create = Json.parseObject(zonda.vmadm("schema", "joyent").out());
        assertThat(create.array("required").strings())
                .containsExactlyInAnyOrderElementsOf(List.of("brand", "image_uuid"));
        Json.Obj properties = create.object("properties");
        assertThat(properties.object("max_lwps"))
                .isEqualTo(Json.object()
                        .with("type", "integer")
                        .with("description", "The most processes and threads.")
                        .with("minimum", 0)
                        .with("maximum", 4194304)
                        .with("default", 2000));
        assertThat(properties
                        .object("nics")
                        .object("items")
                        .object("properties")
                        .has("mac"))
                .isTrue();
        assertThat(properties.has("vcpus")).as("of hardware VMs only").isFalse();
        Json.Obj update =
                Json.parseObject(zonda.vmadm("schema", "joyent", "update").out());
        assertThat(update.object("properties").has("image_uuid")).isFalse();
        assertThat(update.object("properties").has("remove_nics")).isTrue();
        Ran none = zonda.vmadm("schema", "none");
        assertThat(none.status()).isEqualTo(2);
        assertThat(none.err()).startsWith("schema of which brand? joyent, joyent-minimal, builder, lx, kvm, bhyve\n");
        Ran misspelt = zonda.vmadm("help", "max_phyical_memory");
        assertThat(misspelt.status()).isEqualTo(2);
        assertThat(misspelt.err())
                .startsWith("no property \"max_phyical_memory\" (did you mean \"max_physical_memory\"?)\n");
    }

    private static Ran words(String line) {
        return zonda.vmadm(line.isEmpty() ? new String[0] : line.split(" "));
    }

    @Test
    void verbs_and_options_have_the_other_names_that_smartos_has_for_them() throws IOException {
        UUID vm = zonda.create(zonda.payload("web01").with("autoboot", false));

        for (String help : List.of("help", "-h", "-?", "--help")) {
            assertThat(words(help).out()).as(help).startsWith("Usage: vmadm <command> [options]\n");
            assertThat(words(help).status()).as(help).isZero();
        }
        assertThat(words("json web01").out())
                .isEqualTo(words("get web01").out())
                .contains(vm.toString());
        for (String line : List.of(
                "list -H -o alias",
                "-v list -H -o alias",
                "-d list -H --order alias",
                "list -Ho alias --sortby=-alias",
                "list -p -s ram -o alias",
                "list --parsable --order=alias")) {
            assertThat(words(line).out()).as(line).isEqualTo("web01\n");
        }
        assertThat(words("halt web01").err()).isEqualTo("VM " + vm + " is already 'stopped'\n");
        assertThat(words("stop -t soon web01").err()).startsWith("Invalid timeout: \"soon\" (want seconds)\n");
        assertThat(words("start web01 order=cd").err())
                .startsWith("start takes no arguments for this VM: it is not a hardware VM\n");
        assertThat(words("stop -t 1 web01").err()).isEqualTo("VM " + vm + " is already 'stopped'\n");
        assertThat(words("lookup --unique --json --fields uuid").out()).contains(vm.toString());
        Path file = Files.writeString(
                zonda.root().resolve("payload.json"),
                zonda.payload("web02").with("autoboot", false).compact());
        assertThat(words("validate create -f " + file).err())
                .isEqualTo("VALID 'create' payload for joyent-minimal brand VMs.\n");
        assertThat(words("create -f " + file).err()).startsWith("Successfully created VM ");
        assertThat(words("update web01 -f " + Files.writeString(file, "{\"max_lwps\":77}"))
                        .err())
                .isEqualTo("Successfully updated VM " + vm + "\n");
        assertThat(zonda.get(vm).integer("max_lwps")).contains(77L);
        assertThat(words("validate update lx --file " + file).err())
                .isEqualTo("VALID 'update' payload for lx brand VMs.\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | Usage: vmadm <command> [options]",
                "get | Invalid or missing UUID for get",
                "json | Invalid or missing UUID for get",
                "update | Invalid or missing UUID for update",
                "stop | Invalid or missing UUID for stop",
                "reboot -F | Invalid or missing UUID for reboot",
                "kill -9 | Invalid or missing UUID for kill",
                "delete | Invalid or missing UUID for delete",
                "destroy | Invalid or missing UUID for delete",
                "console | Invalid or missing UUID for console",
                "create-snapshot | Invalid or missing UUID for create-snapshot",
                "delete-snapshot | Invalid or missing UUID for delete-snapshot",
                "rollback-snapshot | Invalid or missing UUID for rollback-snapshot",
                "reprovision | Invalid or missing UUID for reprovision",
                "info | Invalid or missing UUID for info",
                "sysrq | Invalid or missing UUID for sysrq",
                "send | Invalid or missing UUID for send",
                "install | Invalid or missing UUID for install",
                "kill -s SIGNOPE x | Invalid signal: \"SIGNOPE\"",
                "kill -NOPE x | Invalid signal: \"NOPE\"",
                "list -o | option -o needs a value",
                "list nonsense | Invalid filter: \"nonsense\" (want key=value or key=~regex)",
                "lookup alias=~( | Invalid regular expression \"(\"",
                "lookup -o alias | Cannot specify -o without -j",
                "validate create -x | unknown option: -x",
            })
    void wrong_words_are_named_before_the_usage(String line, String message) {
        Ran ran = words(line.replace(" x", " " + NONE));

        assertThat(ran.err()).startsWith(message);
        assertThat(ran.err()).contains("Usage:");
        assertThat(ran.out()).isEmpty();
        assertThat(ran.status()).as(ran.toString()).isEqualTo(2);
    }

    @Test
    void data_are_neither_read_from_a_terminal_nor_written_to_one() {
        UUID vm = zonda.create(zonda.payload("web01").with("autoboot", false));
        for (String line :
                List.of("update web01", "reprovision web01", "validate create", "apply", "receive", "recv")) {
            String verb = line.replaceFirst(" .*", "").replace("recv", "receive");
            try (Call call = zonda.onTerminal("vmadm", line.split(" "))) {
                Ran ran = call.ran(Instance.LIMIT);
                assertThat(ran.err()).startsWith("Will not " + verb + " from stdin when stdin is a tty.\n");
                assertThat(ran.status()).as(line).isEqualTo(verb.equals("receive") ? 1 : 2);
            }
        }
        try (Call call = zonda.onTerminal("vmadm", "send", "web01")) {
            assertThat(call.ran(Instance.LIMIT).err()).isEqualTo("Cannot send VM to a TTY.\n");
        }
        assertThat(zonda.state(vm)).isEqualTo("stopped");
    }

    /** What bash would offer for these words, the last of which is being typed. */
    private static String offered(String... words) {
        return new Pipes()
                .with("zonda", zonda)
                .good("""
                vmadm() { zonda vmadm "$@"; }
                eval "$(vmadm completion bash)"
                COMP_WORDS=(vmadm TYPED) COMPREPLY=()
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                _vmadm
                echo "${COMPREPLY[*]-}"
                """.replace("TYPED", "'" + String.join("' '", words) + "'"))
                .strip();
    }

    @Test
    void the_shell_completes_verbs_options_vms_columns_and_properties() {
        UUID vm = zonda.create(zonda.payload("web01").with("autoboot", false));

        assertThat(offered("cre")).isEqualTo("create create-snapshot");
        assertThat(offered("start", "we")).isEqualTo("web01");
        assertThat(offered("start", vm.toString().substring(0, 30))).isEqualTo(vm.toString());
        assertThat(offered("update", "web01", "max_l")).isEqualTo("max_locked_memory= max_lwps=");
        assertThat(offered("update", "web01", "tag")).isEmpty();
        assertThat(offered("list", "-o", "uuid,ali")).isEqualTo("uuid,alias");
        assertThat(offered("lookup", "ali")).isEqualTo("alias=");
        assertThat(offered("send", "-")).isEqualTo("-l -s -k -i -t");
        assertThat(offered("create", "--")).isEqualTo("--strict");
        assertThat(offered("schema", "joyent-")).isEqualTo("joyent-minimal");
        assertThat(offered("help", "nics.*.ma")).isEqualTo("nics.*.mac");
        assertThat(zonda.vmadm("completion", "fish").status()).isEqualTo(2);
    }

    @Test
    void sysinfo_has_what_smartos_tools_read_of_a_host() {
        Json.Obj host = zonda.run("sysinfo").json();

        assertThat(host.members().keySet())
                .containsAll(List.of(
                        ("Live Image,System Type,Boot Time,SDC Version,Manufacturer,Product,Serial Number,SKU Number,"
                                        + "HW Version,HW Family,Setup,VM Capable,Bhyve Capable,HVM API,CPU Type,"
                                        + "CPU Virtualization,CPU Physical Cores,Admin NIC Tag,Admin IP,UUID,Hostname,"
                                        + "CPU Total Cores,CPU Socket Count,CPU Core Count,CPU Online Count,CPU Count,"
                                        + "MiB of Memory,Zpool,Zpool Encrypted,Zpool Disks,Zpool Profile,Zpool Creation,"
                                        + "Zpool Size in GiB,Disks,Boot Parameters,Network Interfaces,"
                                        + "Virtual Network Interfaces,Link Aggregations")
                                .split(",")));
        assertThat(host.string("Zpool")).contains("zones");
        assertThat(host.integer("Zpool Creation", 0)).isBetween(1_700_000_000L, 5_000_000_000L);
        assertThat(host.integer("Zpool Size in GiB", 0)).isPositive();
        assertThat(host.integer("CPU Count", 0))
                .isGreaterThanOrEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(host.string("Boot Time", "")).matches("[0-9]{10}");
        host.object("Network Interfaces")
                .members()
                .values()
                .forEach(nic -> assertThat(((Json.Obj) nic).members())
                        .containsOnlyKeys("MAC Address", "ip4addr", "Link Status", "NIC Names"));
        assertThat(host.string("MiB of Memory", "")).as("a text").matches("[0-9]+");
        host.object("Disks")
                .members()
                .values()
                .forEach(disk -> assertThat(((Json.Obj) disk).members()).containsOnlyKeys("Size in GB"));
        assertThat(zonda.run("sysinfo", "-p").out()).contains("Zpool='zones'\n", "CPU_Total_Cores='");
        for (String option : List.of("-f", "-u")) {
            assertThat(zonda.run("sysinfo", option).json().string("UUID")).isEqualTo(host.string("UUID"));
        }
        Ran wrong = zonda.run("sysinfo", "-x");
        assertThat(wrong.status()).isEqualTo(2);
        assertThat(wrong.err()).isEqualTo("sysinfo: unknown option: -x\nusage: sysinfo [-f] [-p] [-u]\n");
        assertThat(zonda.run("zonename", "-t").out()).isEqualTo("shared\n");
        assertThat(zonda.run("zonename", "x").status()).isEqualTo(2);
    }
}
