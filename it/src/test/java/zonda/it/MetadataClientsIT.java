package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;
import zonda.kernel.Command;

/** A client of the metadata protocol that shares no code with Zonda, in C, in a zone. */
class MetadataClientsIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    private static UUID vm;

    @BeforeAll
    static void make_a_zone_with_the_client(@TempDir Path directory) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "needs gcc");
        Path source = Documents.top().resolve("it/src/test/guest/metadata-client.c");
        Path program = directory.resolve("client");
        Command.of("gcc", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o", program.toString(), source.toString())
                .check(Duration.ofMinutes(1));
        Json.Obj metadata = Json.object().with("lines", "one\n.two\n\nthree").with("nothing", "");
        vm = zonda.create(Instance.withNics(
                        zonda.payload("asked"), Instance.nic(Network.of(zonda).address(30) + "/24"))
                .with("customer_metadata", metadata)
                .with(
                        "internal_metadata",
                        Json.object().with("root_pw", "secret").with("hidden", "yes")));
        zonda.sh(vm, "mkdir -p /opt");
        try (Call call = zonda.call("zlogin", vm.toString(), "cat > /opt/client && chmod 755 /opt/client")) {
            Ran ran = call.type(Files.readAllBytes(program)).endInput().ran(Instance.LIMIT);
            assertThat(ran.status()).as(ran.toString()).isZero();
        }
    }

    @AfterAll
    static void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static Ran client(String words) {
        return zonda.zlogin(vm.toString(), "/opt/client /native/.zonecontrol/metadata.sock " + words);
    }

    private static void answers(String words, int status, String text) {
        Ran ran = client(words);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
        assertThat(status == 0 ? ran.out() : ran.err()).isEqualTo(text);
    }

    @Test
    void values_come_as_they_are() {
        answers("GET lines", 0, "one\n.two\n\nthree");
        answers("GET nothing", 0, "");
        answers("GET root_pw", 0, "secret");
        answers("GET hidden", 1, "No metadata for 'hidden'\n");
        answers("GET", 3, "client: Usage: /opt/client SOCKET GET|PUT|DELETE|KEYS [KEY [VALUE]]\n");
    }

    @Test
    void what_get_shows_of_the_vm_is_there_under_sdc() {
        Json.Obj shown = zonda.get(vm);
        Json.Obj nic = shown.array("nics").objects().getFirst();
        answers("GET sdc:uuid", 0, vm.toString());
        answers("GET sdc:server_uuid", 0, shown.string("server_uuid", "?"));
        answers("GET sdc:nics.0.ip", 0, Network.of(zonda).address(30));
        answers("GET sdc:nics.0.netmask", 0, "255.255.255.0");
        answers("GET sdc:nics.0.mac", 0, nic.string("mac", "?"));
        answers("GET sdc:state", 0, "running");
        answers("GET sdc:ram", 0, "64");
        answers("GET sdc:max_physical_memory", 0, "64");
        answers("GET sdc:resolvers", 0, "[]");
        assertThat(Json.parse(client("GET sdc:nics").out())).isEqualTo(shown.array("nics"));
        answers("GET sdc:internal_metadata", 1, "No metadata for 'sdc:internal_metadata'\n");
        answers("GET sdc:internal_metadata.hidden", 1, "No metadata for 'sdc:internal_metadata.hidden'\n");
    }

    @Test
    void what_is_put_is_in_the_record_and_can_be_deleted() {
        answers("PUT told 'by me'", 0, "");
        answers("GET told", 0, "by me");
        answers("PUT empty ''", 0, "");
        answers("GET empty", 0, "");
        assertThat(zonda.get(vm).object("customer_metadata").string("told")).contains("by me");
        assertThat(client("KEYS").out().lines())
                .contains("lines", "told", "empty")
                .doesNotContain("root_pw");
        answers("DELETE told", 0, "");
        answers("DELETE empty", 0, "");
        answers("GET told", 1, "No metadata for 'told'\n");
        answers("PUT sdc:uuid mine", 2, "ERROR: Cannot update the \"sdc\" Namespace.\n");
        answers("DELETE root_pw", 2, "ERROR: Cannot update the \"internal\" Namespace.\n");
    }

    @Test
    void a_hundred_kilobytes_come_and_go() {
        String sum = zonda.sh(
                vm,
                "head -c 75000 /dev/urandom | base64 > /tmp/large; c='/opt/client /native/.zonecontrol/metadata.sock';"
                        + " $c PUT large < /tmp/large && $c GET large | md5sum; md5sum < /tmp/large; $c DELETE large");

        assertThat(sum.lines().distinct()).hasSize(1);
        assertThat(sum.getBytes(StandardCharsets.UTF_8)).hasSizeGreaterThan(32);
    }
}
