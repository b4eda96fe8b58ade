package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kernel.Loop;

/** Images and VMs in a pool beside the first, which comes and goes. */
class SecondPoolIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    static final Instance zonda = new Instance();

    @TempDir
    Path files;

    @BeforeEach
    void make_a_pool() throws IOException {
        try (var file = new RandomAccessFile(vdev().toFile(), "rw")) {
            file.setLength(1L << 30);
        }
        good("zpool", "create", "tank", vdev().toString());
    }

    @AfterEach
    void leave_nothing() {
        zonda.run("zpool", "import", "-d", files.toString(), "tank");
        zonda.deleteAll();
        zonda.run("zpool", "destroy", "tank");
        assertThat(Await.until(LIMIT, () -> Loop.find(vdev()).isEmpty())).isTrue();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private Path vdev() {
        return files.resolve("disk");
    }

    private static String good(String tool, String... words) {
        Ran ran = zonda.run(tool, words);
        assertThat(ran.status()).as(ran.toString()).isZero();
        return ran.out();
    }

    private static String refused(String tool, String... words) {
        Ran ran = zonda.run(tool, words);
        assertThat(ran.status()).as(ran.toString()).isNotZero();
        return ran.err();
    }

    private static String images(String... words) {
        String[] all = new String[words.length + 4];
        System.arraycopy(new String[] {"list", "-H", "-o", "uuid,zpool"}, 0, all, 0, 4);
        System.arraycopy(words, 0, all, 4, words.length);
        return good("imgadm", all).replaceAll(" +", " ");
    }

    private static UUID image() {
        UUID image = UUID.randomUUID();
        good("imgadm", "create", "-q", "-P", "tank", "--busybox", "name=tanked", "version=1", "uuid=" + image);
        return image;
    }

    private static Json.Obj payload(UUID image) {
        return Instance.withNics(zonda.payload("tanked"), Instance.nic("dhcp"))
                .with("image_uuid", image.toString())
                .with("zpool", "tank");
    }

    @Test
    void an_image_and_a_vm_live_in_the_pool_that_was_named() {
        UUID image = image();
        assertThat(images("-P", "tank")).isEqualTo(image + " tank\n");
        assertThat(images().lines()).contains(image + " tank", zonda.image() + " zones");
        assertThat(refused("imgadm", "list", "-P", "none")).contains("no such zpool: \"none\"");
        assertThat(zonda.feed(payload(zonda.image()).compact(), "vmadm", "create")
                        .err())
                .contains("Image " + zonda.image() + " not found in zpool tank");

        UUID vm = zonda.create(payload(image));

        assertThat(zonda.get(vm).string("zonepath", ""))
                .isEqualTo(zonda.root().resolve("tank").resolve(vm.toString()).toString());
        assertThat(good("zfs", "list", "-H", "-o", "name,origin", "tank/" + vm))
                .isEqualTo("tank/" + vm + "\ttank/" + image + "@final\n");
        assertThat(good("vmadm", "list", "-H", "-o", "uuid,zpool", "zpool=tank").strip())
                .isEqualTo(vm + "  tank");
        good("vmadm", "create-snapshot", vm.toString(), "one");
        assertThat(zonda.sh(vm, "ls /checkpoints")).isEqualTo("one");
        assertThat(refused("imgadm", "delete", image.toString())).contains("ImageHasDependentClones");
        good("vmadm", "delete", vm.toString());
        assertThat(good("zfs", "list", "-H", "-o", "name", "-r", "tank").lines())
                .containsExactlyInAnyOrder("tank", "tank/" + image, "tank/cores");
        assertThat(good("imgadm", "delete", image.toString())).contains("Deleted image " + image);
    }

    @Test
    void the_same_image_can_be_in_both_pools_and_is_asked_for_by_pool() {
        UUID image = image();
        good("imgadm", "create", "-q", "--busybox", "name=tanked", "version=1", "uuid=" + image);
        assertThat(images("name=tanked").lines()).containsExactlyInAnyOrder(image + " tank", image + " zones");
        assertThat(refused("imgadm", "delete", image.toString())).contains("-P");
        assertThat(good("imgadm", "get", "-P", "tank", image.toString())).contains("\"zpool\": \"tank\"");
        good("imgadm", "delete", "-P", "zones", image.toString());
        assertThat(images("name=tanked")).isEqualTo(image + " tank\n");
    }

    @Test
    void a_vm_whose_pool_goes_away_is_told_of_and_runs_again_when_it_is_back() {
        UUID vm = zonda.create(payload(image()));
        zonda.sh(vm, "echo kept > /root/mark");
        assertThat(refused("zpool", "export", "tank")).contains("busy");
        zonda.kill9();
        zonda.restart();
        assertThat(zonda.sh(vm, "cat /root/mark"))
                .as("of the daemon's next life")
                .isEqualTo("kept");

        good("vmadm", "stop", vm.toString(), "-F");
        good("zpool", "export", "tank");
        assertThat(good("vmadm", "list", "-H", "-o", "uuid,state").replaceAll(" +", " "))
                .isEqualTo(vm + " stopped\n");
        assertThat(refused("vmadm", "start", vm.toString())).contains("zpool \"tank\" does not exist");
        assertThat(good("vmadm", "why", vm.toString())).contains("its pool tank is missing");
        assertThat(zonda.get(vm).object("missing").array("filesystems").strings())
                .containsExactly("tank/" + vm);
        zonda.restart();
        assertThat(zonda.state(vm)).isEqualTo("stopped");

        good("zpool", "import", "-d", files.toString(), "tank");
        good("vmadm", "start", vm.toString());
        assertThat(zonda.sh(vm, "cat /root/mark")).isEqualTo("kept");
        assertThat(good("vmadm", "why", vm.toString())).doesNotContain("missing");
        assertThat(zonda.get(vm).has("missing")).isFalse();
    }

    @Test
    void a_vm_of_a_pool_that_is_lost_can_be_deleted() {
        UUID vm = zonda.create(payload(image()).with("autoboot", false));
        good("zpool", "export", "tank");

        good("vmadm", "delete", vm.toString());

        assertThat(good("vmadm", "list", "-H")).isEmpty();
        good("zpool", "import", "-d", files.toString(), "tank");
        assertThat(good("zfs", "list", "-H", "-o", "name", "tank/" + vm)).isEqualTo("tank/" + vm + "\n");
    }

    @Test
    void what_was_sent_is_restored_in_the_pool_that_was_named() {
        UUID vm = zonda.create(Instance.withNics(zonda.payload("web01"), Instance.nic("dhcp")));
        zonda.sh(vm, "echo restored > /root/mark");
        var pipes = new Pipes().with("z", zonda);
        pipes.run("z vmadm send " + vm + " > " + files.resolve("bundle"));
        zonda.delete(vm);

        pipes.run("z vmadm receive -P tank < " + files.resolve("bundle"));

        assertThat(zonda.get(vm).string("zpool", "")).isEqualTo("tank");
        good("vmadm", "start", vm.toString());
        assertThat(zonda.sh(vm, "cat /root/mark")).isEqualTo("restored");
        assertThat(good("zfs", "list", "-H", "-o", "name", "tank/" + vm)).isEqualTo("tank/" + vm + "\n");
    }

    @Test
    void installed_images_are_served_to_others_with_their_origins() {
        UUID first = zonda.create(zonda.payload());
        zonda.sh(first, "echo one > /note");
        good("vmadm", "stop", "-F", first.toString());
        UUID whole = made(first, "whole");
        UUID second = zonda.create(zonda.payload().with("image_uuid", whole.toString()));
        zonda.sh(second, "echo two >> /note");
        good("vmadm", "stop", "-F", second.toString());
        UUID grown = made(second, "grown", "-i");
        assertThat(refused("imgadm", "serve", "-w")).contains("-w needs a directory");

        try (Call server = zonda.call("imgadm", "serve", "-l", "127.0.0.1:0")) {
            assertThat(Await.until(LIMIT, () -> server.err().contains("http://")))
                    .as(server.err())
                    .isTrue();
            String url = server.err().strip().replaceFirst("(?s).* at ", "");
            good("imgadm", "import", "-q", "-P", "tank", "-S", url, grown.toString());
            good(
                    "imgadm",
                    "import",
                    "-q",
                    "-P",
                    "tank",
                    "-S",
                    url,
                    zonda.image().toString());
        }
        assertThat(images().lines()).contains(whole + " tank", grown + " tank", zonda.image() + " tank");
        UUID third = zonda.create(payload(grown));
        assertThat(zonda.sh(third, "cat /note")).isEqualTo("one\ntwo");
        zonda.delete(third);
        UUID plain = zonda.create(payload(zonda.image()));
        assertThat(zonda.sh(plain, "echo it runs")).isEqualTo("it runs");
        zonda.deleteAll();
        for (UUID image : java.util.List.of(grown, whole)) {
            good("imgadm", "delete", "-P", "tank", image.toString());
            good("imgadm", "delete", "-P", "zones", image.toString());
        }
    }

    private UUID made(UUID vm, String name, String... options) {
        var words = new java.util.ArrayList<>(java.util.List.of("create", "-o", files.toString()));
        words.addAll(java.util.List.of(options));
        words.addAll(java.util.List.of(vm.toString(), "name=" + name, "version=1"));
        good("imgadm", words.toArray(String[]::new));
        String manifest = files.resolve(name + "-1.imgmanifest").toString();
        good(
                "imgadm",
                "install",
                "-q",
                "-m",
                manifest,
                "-f",
                files.resolve(name + "-1.zfs").toString());
        return UUID.fromString(
                good("imgadm", "list", "-H", "-o", "uuid", "name=" + name).strip());
    }
}
