package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
}
