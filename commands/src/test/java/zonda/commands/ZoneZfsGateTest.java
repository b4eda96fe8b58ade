package zonda.commands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import zonda.base.OpException;
import zonda.storage.DestroyOptions;

class ZoneZfsGateTest {
    private static long things = 1;

    private static final ZoneZfsGate GATE = new ZoneZfsGate("zones/u/data", new ZoneZfsGate.Facts() {
        @Override
        public Optional<String> origin(String dataset) {
            return Optional.of(dataset.endsWith("foreign") ? "zones/other@s" : "zones/u/data/a@s");
        }

        @Override
        public List<String> wouldDestroy(String name, DestroyOptions how) {
            return name.endsWith("shared") ? List.of(name, "zones/clone") : List.of(name);
        }

        @Override
        public long population() {
            return things;
        }

        @Override
        public int notes(String name) {
            return name.endsWith("full") ? 100 : 0;
        }
    });

    private static ZoneZfsGate.Allowed check(String command) {
        return GATE.check(List.of(command.split(" ")));
    }

    private static final List<String> REFUSED = List.of(
            "list zones",
            "list zones/u",
            "list zones/u/data2",
            "list zones/u/data/a zones/other",
            "list /zones/other",
            "list -- zones",
            "list -r -t all zones/other@s",
            "get all zones",
            "get -r all zones/u/data zones/other",
            "holds zones/other@s",
            "hold tag zones/other@s",
            "release -r tag zones/u@s",
            "create zones/evil",
            "create zones/u/data",
            "create zones/u/data2/x",
            "create -V 1G zones/u/data/vol",
            "create -o reservation=1G zones/u/data/a",
            "create -o refreservation=1G zones/u/data/a",
            "create -o mountpoint=/proc/x zones/u/data/a",
            "create -o mountpoint=/native zones/u/data/a",
            "create -o mountpoint=/.zonecontrol zones/u/data/a",
            "create -o mountpoint=/a/../proc zones/u/data/a",
            "create -o mountpoint=relative zones/u/data/a",
            "create -o zonda:mountpoint=/etc zones/u/data/a",
            "create -o zonda:anything=1 zones/u/data/a",
            "clone zones/other@s zones/u/data/a",
            "clone zones/u/data@s zones/evil",
            "clone -o reservation=1G zones/u/data@s zones/u/data/a",
            "destroy zones/u/data",
            "destroy -r zones/u/data",
            "destroy zones/other",
            "destroy zones/other@s",
            "destroy zones/other#b",
            "destroy -R zones/u/data@shared",
            "destroy zones/u/data/a zones/other",
            "snapshot zones/u@s",
            "snapshot zones/u/data@s zones/other@s",
            "snapshot -o zonda:x=1 zones/u/data@s",
            "rollback zones/u@s",
            "rollback -R zones/u/data@s",
            "promote zones/u/data",
            "promote zones/other",
            "promote zones/u/data/foreign",
            "rename zones/u/data zones/u/data2",
            "rename zones/u/data/a zones/a",
            "rename zones/other zones/u/data/mine",
            "rename zones/other@a zones/other@b",
            "rename zones/u/data@a zones/other@a",
            "bookmark zones/other@s zones/u/data#b",
            "bookmark zones/u/data@s zones/other#b",
            "bookmark @s zones/other#b",
            "set quota=1T zones/u/data",
            "set quota=1T zones/u/data/a zones/u/data",
            "set filesystem_limit=none zones/u/data",
            "set snapshot_limit=none zones/u/data",
            "set reservation=1G zones/u/data/a",
            "set volsize=1T zones/u/data/a",
            "set sharenfs=on zones/u/data/a",
            "set mountpoint=/dev zones/u/data",
            "set mountpoint=/m zones/u/data@s",
            "set zonda:mountpoint=/m zones/u/data",
            "set a:b=c zones/u",
            "inherit a:b zones/u",
            "inherit zonda:mountpoint zones/u/data",
            "inherit quota zones/u/data",
            "send zones/other@s",
            "send -i zones/other@a zones/u/data@b",
            "send -I zones/other#a zones/u/data@b",
            "release do_not_destroy zones/u/data@indestructible",
            "rename zones/u/data@indestructible x",
            "send -t token",
            "receive zones/u/data/a",
            "recv zones/u/data/a",
            "allow zones/u/data",
            "share -a",
            "mount zones/u/data",
            "import zones");

    @Test
    void what_a_zone_may_not_is_refused() {
        for (String command : REFUSED) {
            assertThatThrownBy(() -> check(command)).as(command).isInstanceOf(OpException.class);
        }
    }

    @Test
    void what_a_zone_may_is_let_through_as_the_host_is_to_do_it() {
        assertThat(check("list").words()).containsExactly("list", "-r", "zones/u/data");
        assertThat(check("get -Hp quota").words()).containsExactly("get", "-r", "-Hp", "quota", "zones/u/data");
        assertThat(check("list -d 1 zones/u/data").words()).containsExactly("list", "-d", "1", "zones/u/data");
        assertThat(check("create -p -o mountpoint=/srv -o quota=1G zones/u/data/a")
                        .words())
                .containsExactly(
                        "create", "-p", "-o", "zonda:mountpoint=/srv", "-o", "quota=1G", "--", "zones/u/data/a");
        assertThat(check("set mountpoint=none quota=1G zones/u/data/a").words())
                .containsExactly("set", "--", "zonda:mountpoint=none", "quota=1G", "zones/u/data/a");
        assertThat(check("inherit -r mountpoint zones/u/data").words())
                .containsExactly("inherit", "-r", "--", "zonda:mountpoint", "zones/u/data");
        assertThat(check("send -R -i @a zones/u/data@b").words()).hasSize(5);
        assertThat(check("rename zones/u/data@a b").hidden()).isEmpty();
    }

    @Test
    void what_is_changed_below_a_mountpoint_is_out_of_sight_meanwhile() {
        assertThat(check("destroy -r zones/u/data/a").hidden()).containsExactly("zones/u/data/a");
        assertThat(check("destroy -rn zones/u/data/a").hidden()).isEmpty();
        assertThat(check("destroy zones/u/data/a@s").hidden()).isEmpty();
        assertThat(check("destroy -R zones/u/data/a@s").hidden()).containsExactly("zones/u/data");
        assertThat(check("rollback -r zones/u/data@s").hidden()).containsExactly("zones/u/data");
        assertThat(check("rename zones/u/data/a zones/u/data/b").hidden())
                .containsExactlyInAnyOrder("zones/u/data/a", "zones/u/data/b");
        assertThat(check("set mountpoint=/m zones/u/data").hidden()).containsExactly("zones/u/data");
        assertThat(check("set quota=1G zones/u/data/a").hidden()).isEmpty();
    }

    @Test
    void a_zone_does_not_fill_the_memory_of_the_host() {
        things = 10_000;
        try {
            for (String command : List.of(
                    "create zones/u/data/a",
                    "snapshot zones/u/data@s",
                    "clone zones/u/data@s zones/u/data/b",
                    "bookmark zones/u/data@s #b")) {
                assertThatThrownBy(() -> check(command)).as(command).hasMessageContaining("at most 10000");
            }
            assertThat(check("destroy zones/u/data@s").words()).hasSize(2);
        } finally {
            things = 1;
        }
        assertThatThrownBy(() -> check("set a:b=c zones/u/data/full")).hasMessageContaining("which is the most");
        assertThatThrownBy(() -> check("hold tag zones/u/data@full")).hasMessageContaining("which is the most");
        String longValue = "x".repeat(1024);
        assertThatThrownBy(() -> check("set a:b=" + longValue + " zones/u/data"))
                .hasMessageContaining("1024");
        assertThatThrownBy(() -> check("create -o a:b=" + longValue + " zones/u/data/a"))
                .hasMessageContaining("1024");
        assertThatThrownBy(() -> check("snapshot -o a:b=" + longValue + " zones/u/data@a"))
                .hasMessageContaining("1024");
        assertThatThrownBy(() -> check("hold " + longValue + "x zones/u/data@a"))
                .hasMessageContaining("1024");
    }
}
