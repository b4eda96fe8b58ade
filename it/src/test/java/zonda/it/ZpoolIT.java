package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;

/** zpool(8) on a mirror of two disks, and a third and a fourth to change it by. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ZpoolIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    @RegisterExtension
    @Order(1)
    static final Disks disks = new Disks(4);

    @RegisterExtension
    @Order(2)
    static final Instance zonda = new Instance(() -> List.of(disks.device(0), disks.device(1)));

    private static String zpool(String... words) {
        Ran ran = zonda.run("zpool", words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    private static void refused(int status, String message, String... words) {
        Ran ran = zonda.run("zpool", words);
        assertThat(ran.err()).startsWith(message);
        assertThat(ran.status()).as(ran.toString()).isEqualTo(status);
    }

    private static String name(int disk) {
        return disks.device(disk).getFileName().toString();
    }

    private static String path(int disk) {
        return disks.device(disk).toString();
    }

    @Test
    @Order(1)
    void status_shows_the_mirror_in_the_columns_of_openzfs() {
        assertThat(zpool("status", "zones")).isEqualTo("""
                  pool: zones
                 state: ONLINE
                driver: btrfs
                config:

                \tNAME        STATE     READ WRITE CKSUM
                \tzones       ONLINE       0     0     0
                \t  mirror-0  ONLINE       0     0     0
                \t    %-6s  ONLINE       0     0     0
                \t    %-6s  ONLINE       0     0     0

                errors: No known data errors
                """.formatted(name(0), name(1)));
        assertThat(zpool("status", "-P")).contains(path(0));
    }

    @Test
    @Order(2)
    void a_scrub_is_waited_for_and_told_by_status_and_events() {
        zpool("scrub", "-w", "zones");

        assertThat(zpool("status"))
                .containsPattern("  scan: scrub repaired 0B in \\d\\d:\\d\\d:\\d\\d with 0 errors on"
                        + " [A-Z][a-z]{2} [A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d \\d{4}\n");
        assertThat(zpool("events").lines().toList())
                .startsWith("TIME                           CLASS")
                .anyMatch(line -> line.matches("[A-Z][a-z]{2} [ \\d]\\d \\d{4} \\d\\d:\\d\\d:\\d\\d\\.\\d{9}"
                        + " sysevent\\.fs\\.zfs\\.scrub_finish"));
        assertThat(zpool("events", "-v")).contains("        pool = \"zones\"\n");
        refused(1, "cannot cancel scrubbing zones: there is no active scrub", "scrub", "-s", "zones");
        refused(1, "cannot pause scrubbing zones: there is no active scrub", "scrub", "-p", "zones");
        refused(2, "missing pool name argument", "scrub");
        refused(2, "invalid option combination", "scrub", "-s", "-p", "zones");
        refused(1, "cannot open 'tank': no such pool", "scrub", "tank");
        assertThat(zpool("events", "-c")).matches("cleared [1-9]\\d* events\n");
    }

    @Test
    @Order(3)
    void properties_and_traffic_are_told() {
        assertThat(zpool("get", "-H", "-o", "value", "health,readonly", "zones"))
                .isEqualTo("ONLINE\noff\n");
        assertThat(zpool("get", "all", "zones").lines().toList())
                .anyMatch(line -> line.matches("NAME +PROPERTY +VALUE +SOURCE"))
                .anyMatch(line -> line.matches("zones +size +[0-9.]+[GM] +-"));
        refused(2, "bad property list: invalid property 'colour'", "get", "colour", "zones");
        assertThat(zpool("iostat").lines().toList())
                .satisfies(lines -> assertThat(lines.get(0)).matches(" +capacity +operations +bandwidth "))
                .satisfies(lines -> assertThat(lines.get(1)).matches("pool +alloc +free +read +write +read +write"))
                .satisfies(lines -> assertThat(lines.get(3)).startsWith("zones "));
        assertThat(zpool("iostat", "-H", "zones", "0.1", "3").lines()).hasSize(3);
    }

    @Test
    @Order(4)
    void a_disk_is_replaced_by_another_while_the_pool_is_used() {
        zonda.run("zfs", "create", "zones/used");

        zpool("replace", "-w", "zones", name(1), path(2));

        assertThat(zpool("status")).contains(name(2) + " ").doesNotContain(name(1) + " ");
        assertThat(zpool("get", "-H", "-o", "value", "health")).isEqualTo("ONLINE\n");
        refused(1, "cannot replace sdzz with ", "replace", "zones", "sdzz", path(3));
        refused(
                1,
                "invalid vdev specification\n" + path(0) + " is part of active pool 'zones'",
                "replace",
                "zones",
                name(2),
                path(0));
    }

    @Test
    @Order(5)
    void a_mirror_gets_a_third_copy_and_gives_it_up_again() {
        zpool("attach", "-w", "zones", name(0), path(3));

        assertThat(zpool("status")).contains("mirror-0").contains(name(3));
        assertThat(zpool("status", "-x")).isEqualTo("all pools are healthy\n");

        zpool("detach", "zones", name(3));

        assertThat(zpool("status")).doesNotContain(name(3) + " ");
    }

    /** The shape of OpenZFS 2.3.9, without what is about its own formats. */
    @Test
    @Order(0)
    void json_is_that_of_openzfs() {
        String guid = zonda.run("zfs", "get", "-H", "-o", "value", "guid", "zones")
                .out()
                .strip();
        String head = "{\"output_version\":{\"command\":\"zpool %s\",\"vers_major\":0,\"vers_minor\":1},"
                + "\"pools\":{\"%s\":{\"name\":\"zones\",";
        String none = "\"source\":{\"type\":\"NONE\",\"data\":\"-\"}}";
        assertThat(zpool("list", "-j", "-o", "name,health,altroot"))
                .isEqualTo(head.formatted("list", "zones") + "\"type\":\"POOL\",\"state\":\"ONLINE\",\"pool_guid\":\""
                        + guid
                        + "\",\"properties\":{\"altroot\":{\"value\":\"-\",\"source\":{\"type\":\"DEFAULT\",\"data\":\"-\"}},"
                        + "\"health\":{\"value\":\"ONLINE\"," + none + "}}}}\n");
        assertThat(zpool("get", "-j", "--json-int", "--json-pool-key-guid", "size", "zones"))
                .startsWith(head.formatted("get", guid) + "\"type\":\"POOL\",\"state\":\"ONLINE\",\"pool_guid\":" + guid
                        + ",\"properties\":{\"size\":{\"value\":")
                .endsWith("," + none + "}}}}\n");
        Json.Obj status =
                Json.parseObject(zpool("status", "-j")).object("pools").object("zones");
        Json.Obj mirror = status.object("vdevs").object("zones").object("vdevs").object("mirror-0");
        assertThat(mirror.string("vdev_type")).hasValue("mirror");
        assertThat(mirror.object("vdevs").object(name(0)).string("state")).hasValue("ONLINE");
        assertThat(mirror.object("vdevs").object(name(0)).string("read_errors")).hasValue("0");
        assertThat(status.string("error_count")).hasValue("0");
        refused(1, "cannot open 'tank': no such pool", "list", "-j", "tank");
    }

    @Test
    @Order(6)
    void what_btrfs_can_not_do_is_refused_by_the_drivers_name() {
        refused(
                1,
                "invalid vdev specification: 'raidz' is not supported by the driver btrfs",
                "add",
                "zones",
                "raidz",
                path(3));
        refused(1, "invalid vdev specification: 'cache' is not supported", "add", "zones", "cache", path(3));
        refused(1, "invalid vdev specification\nuse '-f' to override", "add", "zones", path(3));
        refused(1, "cannot remove " + name(0) + ": too few devices", "remove", "zones", name(0));
        refused(1, "cannot clear errors for sdzz: no such device in pool", "clear", "zones", "sdzz");
        refused(2, "missing <device> specification", "detach", "zones");
        refused(1, "cannot offline " + name(0) + ": not supported by the driver btrfs; ", "offline", "zones", name(0));
        refused(1, "cannot online " + name(0) + ": not supported by the driver btrfs; ", "online", "zones", name(0));
        refused(2, "missing device name", "offline", "zones");
        refused(
                1,
                "cannot set property for 'zones': 'comment' is not supported by the driver btrfs",
                "set",
                "comment=x",
                "zones");
        refused(1, "cannot set property for 'zones': 'size' is readonly", "set", "size=1", "zones");
        refused(1, "cannot set property for 'zones': invalid property 'colour'", "set", "colour=x", "zones");
        refused(2, "missing value in property=value argument", "set", "comment", "zones");
        refused(1, "cannot trim: not supported by the driver btrfs", "trim", "zones");
        refused(2, "unrecognized command 'frobnicate'", "frobnicate");
    }

    @Test
    @Order(7)
    void the_next_daemon_finds_the_pool_by_its_devices_of_today() {
        zonda.stop();
        zonda.start(java.util.Map.of());

        assertThat(Await.until(
                        SOON, () -> zpool("list", "-H", "-o", "name,health").equals("zones\tONLINE\n")))
                .isTrue();
        assertThat(zpool("status")).contains(name(2));
        assertThat(zonda.run("zfs", "list", "-H", "-o", "name", "zones/used").out())
                .isEqualTo("zones/used\n");
        assertThat(Path.of(zonda.root() + "/var/lib/zonda/zones.uuid")).exists();
    }

    @Test
    void the_history_tells_who_did_what_and_outlives_the_daemon() {
        zonda.run("zfs", "create", "-o", "x:y=a b", "zones/told");
        zonda.run("zfs", "destroy", "-n", "zones/told");
        zonda.run("zfs", "create", "zones/told");
        zonda.restart();
        zonda.run("zfs", "destroy", "zones/told");

        String time = "\\d{4}-\\d\\d-\\d\\d\\.\\d\\d:\\d\\d:\\d\\d ";
        String all = zonda.run("zpool", "history", "zones").out();
        assertThat(all).startsWith("History for 'zones':\n").endsWith("\n\n");
        assertThat(all.lines().filter(line -> line.contains("zones/told")).toList())
                .satisfiesExactly(
                        line -> assertThat(line).matches(time + "zfs create -o x:y=a b zones/told"),
                        line -> assertThat(line).matches(time + "zfs destroy zones/told"));
        assertThat(zonda.run("zpool", "history", "-il").out().lines().toList())
                .anyMatch(line -> line.matches(time + "\\[txg:1\\] create pool zones driver btrfs"))
                .anyMatch(line -> line.matches(time + "\\[txg:\\d+\\] destroy zones/told \\(\\d+\\)"))
                .anyMatch(line -> line.matches(time + "zfs destroy zones/told \\[user 0 \\(root\\) on [^ ]+:linux\\]"));
    }
}
