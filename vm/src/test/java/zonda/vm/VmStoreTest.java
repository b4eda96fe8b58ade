package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.zones.ExitStatus;
import zonda.zones.IdRange;

class VmStoreTest {
    private static final UUID VM = UUID.fromString("5a7b2f0e-55a7-4d3c-9f6e-0d6f3f4b9c11");

    @TempDir
    Path directory;

    private VmStore store;

    @BeforeEach
    void start() {
        store = restarted();
    }

    private VmStore restarted() {
        var fresh = new VmStore(directory, PropertyTable.load(), name -> Path.of("/", name));
        fresh.start();
        return fresh;
    }

    private static VmRecord record(UUID uuid) {
        Json.Obj properties = Json.object()
                .with("alias", "web")
                .with("uuid", uuid.toString())
                .with("zonename", uuid.toString())
                .with("brand", "joyent")
                .with("quota", 5)
                .with("autoboot", true)
                .with("nics", new Json.Arr(java.util.List.of()));
        return new VmRecord(
                new VmConfig(properties),
                new IdRange(65536 * 9),
                VmRecord.Life.FAILED,
                Optional.of(new ExitStatus(137, Instant.parse("2026-01-02T03:04:05.678Z"))),
                Optional.of("it said:\n\t\"no\" & \u0001"),
                Optional.of(Json.object().with("x", "\u0001<\"")));
    }

    @Test
    void a_record_is_the_same_after_a_restart() {
        store.put(record(VM));
        VmRecord before = store.find(VM).orElseThrow();
        VmRecord after = restarted().find(VM).orElseThrow();
        assertThat(after).isEqualTo(before).isEqualTo(record(VM));
        assertThat(after.config().properties().members().keySet())
                .as("in the same order")
                .containsExactlyElementsOf(
                        before.config().properties().members().keySet());
    }

    @Test
    void a_vm_that_is_made_anew_has_not_failed() {
        assertThat(record(VM).with(VmRecord.Life.FAILED).failure()).isPresent();
        assertThat(record(VM).with(VmRecord.Life.PROVISIONING).failure()).isEmpty();
    }

    @Test
    void the_index_names_the_zones_that_there_are() {
        UUID other = UUID.fromString("0a7b2f0e-55a7-4d3c-9f6e-0d6f3f4b9c11");
        store.put(record(VM));
        store.put(record(other).with(VmRecord.Life.INCOMPLETE));
        assertThat(directory.resolve("index"))
                .hasContent("global:installed:/::\n" + other + ":incomplete:/zones/" + other + ":" + other + "\n" + VM
                        + ":installed:/zones/" + VM + ":" + VM + "\n");
        store.remove(other);
        store.remove(VM);
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void zones_of_a_smartos_host_are_taken_in_once() throws IOException {
        Files.writeString(directory.resolve("index"), "global:installed:/::\nweb:installed:/zones/web:" + VM + "\n");
        Files.writeString(
                directory.resolve("web.xml"),
                "<zone name=\"web\" zonepath=\"/zones/web\" autoboot=\"false\" brand=\"lx\"/>");
        VmStore taking = restarted();
        assertThat(taking.find(VM)).isEmpty();
        taking.takeIn(
                properties -> VmRecord.fresh(new VmConfig(properties), new IdRange(65536), VmRecord.Life.INSTALLED));

        VmRecord taken = restarted().find(VM).orElseThrow();
        assertThat(taken.config().zonename()).isEqualTo("web");
        assertThat(taken.config().autoboot()).isFalse();
        assertThat(directory.resolve("web.xml")).doesNotExist();
    }

    @Test
    void a_smartos_zone_of_another_pool_is_taken_in_there() throws IOException {
        Files.writeString(
                directory.resolve(VM + ".xml"),
                "<zone name=\"" + VM + "\" zonepath=\"/tank/" + VM + "\" autoboot=\"false\" brand=\"lx\"/>");
        var pools = new java.util.ArrayList<String>();

        restarted().takeIn(properties -> {
            pools.add(new VmConfig(properties).zpool());
            return record(VM);
        });

        assertThat(pools).containsExactly("tank");
    }

    @Test
    void a_file_of_no_known_zone_is_left_alone_and_one_that_is_damaged_is_named() throws IOException {
        Path stranger = Files.writeString(directory.resolve("stranger.xml"), "garbage");
        restarted();
        assertThat(stranger).hasContent("garbage");

        Files.writeString(directory.resolve(VM + ".xml"), "<zone");
        assertThatThrownBy(this::restarted)
                .isInstanceOf(OpException.class)
                .hasMessageContainingAll(VM + ".xml", "not XML");
    }

    private Path edited(String before, String after) throws IOException {
        Path file = directory.resolve(VM + ".xml");
        String text = Files.readString(file);
        assertThat(text).contains(before);
        return Files.writeString(file, text.replace(before, after));
    }

    private static String attr(String name, String value) {
        return "<attr name=\"" + name + "\" type=\"string\" value=\"" + value + "\"/>";
    }

    @Test
    void what_is_written_to_a_file_by_hand_is_the_record_and_its_life_stays() throws IOException {
        var heard = new java.util.ArrayList<UUID>();
        store.put(record(VM));
        store.onChange(heard::add);
        store.reread(VM);
        assertThat(heard).isEmpty();

        edited("autoboot=\"true\"", "autoboot=\"false\"");
        edited(attr("alias", "d2Vi"), attr("alias", "ZGI=") + attr("max-lwps", "7") + attr("dns-domain", "lan"));
        edited(attr("zonda-life", "failed"), attr("zonda-life", "installed"));
        store.reread(VM);

        VmConfig after = store.find(VM).orElseThrow().config();
        assertThat(after.alias()).contains("db");
        assertThat(after.autoboot()).isFalse();
        assertThat(after.properties().string("dns_domain")).contains("lan");
        assertThat(after.properties().integer("quota")).contains(5L);
        assertThat(store.find(VM).orElseThrow().life()).isEqualTo(VmRecord.Life.FAILED);
        assertThat(heard).containsExactly(VM);
        store.change(VM, vm -> vm.with(vm.config().with("quota", Json.of(6))));
        assertThat(restarted().find(VM).orElseThrow().config().alias()).contains("db");
    }

    @Test
    void a_command_right_after_an_edit_by_hand_sees_it_and_does_not_undo_it() throws IOException {
        store.put(record(VM));
        edited("autoboot=\"true\"", "autoboot=\"false\"");

        store.resolve(VM.toString());

        assertThat(store.find(VM).orElseThrow().config().autoboot()).isFalse();
        edited(attr("alias", "d2Vi"), attr("alias", "ZGI="));
        store.change(VM, vm -> vm.with(vm.config().with("quota", Json.of(6))));
        VmConfig after = restarted().find(VM).orElseThrow().config();
        assertThat(after.alias()).contains("db");
        assertThat(after.properties().integer("quota")).contains(6L);

        Files.writeString(directory.resolve(VM + ".xml"), "half of a fi");
        assertThat(store.resolve("db")).isEqualTo(VM);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "<zone | <none | not XML",
                "brand=\"joyent\" | brand=\"jointly\" | there is no brand \"jointly\"",
                "brand=\"joyent\" | brand=\"lx\" | brand can't change: it is \"joyent\", and not \"lx\"",
                "zonepath=\"/zones/ | zonepath=\"/tank/ | zonepath can't change",
                "&quot;quota&quot;:5 | &quot;quota&quot;:&quot;lots&quot; | quota can't be \"lots\": it takes integer",
                "&quot;quota&quot;:5 | &quot;quota&quot;: | the attr zonda-properties is not JSON",
                "zonda-id-base | other | the attr zonda-id-base is missing",
            })
    void what_can_not_be_is_refused_and_the_record_stays(String before, String after, String message)
            throws IOException {
        store.put(record(VM));
        VmRecord known = store.find(VM).orElseThrow();
        edited(before, after);

        assertThatThrownBy(() -> store.reread(VM)).hasMessageContaining(message);
        assertThat(store.find(VM)).contains(known);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "brand=\"joyent\" | brand=\"jointly\" | there is no brand \"jointly\"",
                "value=\"failed\" | value=\"fine\" | the attr zonda-life is \"fine\", and must be one of: incomplete",
                "value=\"589824\" | value=\"few\" | the attr zonda-id-base must be a number, and is \"few\"",
                "value=\"137\" | value=\"-1x\" | the attr zonda-exit-status must be a number",
                "value=\"2026-01-02T03:04:05.678Z\" | value=\"once\" | the attr zonda-exit-timestamp must be a time",
            })
    void a_file_that_can_not_be_a_record_is_named_with_what_is_wrong(String before, String after, String message)
            throws IOException {
        store.put(record(VM));
        edited(before, after);

        assertThatThrownBy(this::restarted)
                .isInstanceOf(OpException.class)
                .hasMessageContainingAll(VM + ".xml: ", message);
    }

    @Test
    void a_file_that_is_edited_is_noticed() throws Exception {
        store.put(record(VM));
        try (AutoCloseable _ = EditedFiles.start(store)) {
            edited("{&quot;quota&quot;:5", "{&quot;quota&quot;:7");
            assertThat(Await.until(
                            Duration.ofSeconds(20),
                            () -> store.find(VM).orElseThrow().config().quota().equals(Optional.of(Bytes.ofGiB(7)))))
                    .isTrue();
        }
    }
}
