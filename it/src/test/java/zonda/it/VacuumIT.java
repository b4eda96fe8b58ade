package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Json;

/** imgadm vacuum: what nothing was made from goes, and nothing else. */
class VacuumIT {
    @RegisterExtension
    static final Instance zonda = new Instance();

    @Test
    void unused_images_are_named_asked_for_and_deleted_and_used_ones_stay() {
        UUID vm = zonda.create(zonda.payload("user"));
        UUID unused = UUID.randomUUID();
        assertThat(zonda.imgadm("create", "-q", "--busybox", "name=spare", "version=2", "uuid=" + unused)
                        .status())
                .isZero();
        String title = unused + " (spare@2)";

        assertThat(zonda.imgadm("vacuum", "-n").out()).isEqualTo("[dry-run] Deleted image " + title + "\n");
        assertThat(zonda.feed("n\n", "imgadm", "vacuum").out())
                .isEqualTo("This will delete the following images:\n    " + title
                        + "\nAre you sure you want to delete 1 image? [y/N] Aborting\n");
        assertThat(zonda.imgadm("get", unused.toString()).status()).isZero();

        assertThat(zonda.feed("y\n", "imgadm", "vacuum").out()).endsWith("[y/N] Deleted image " + title + "\n");

        assertThat(zonda.imgadm("get", unused.toString()).status()).isEqualTo(3);
        assertThat(zonda.imgadm("vacuum", "-f").out()).isEqualTo("No unused images to delete\n");
        assertThat(zonda.imgadm("get", zonda.image().toString()).status()).isZero();
        assertThat(zonda.state(vm)).isEqualTo("running");
        Ran wrong = zonda.imgadm("vacuum", unused.toString());
        assertThat(wrong.err()).isEqualTo("imgadm vacuum: error (Usage): vacuum takes no arguments\n");
        assertThat(wrong.status()).isEqualTo(2);
        zonda.deleteAll();
    }

    private static Json.Obj lastLine(Ran ran) {
        return Json.parseObject(ran.err().lines().toList().getLast());
    }

    @Test
    void a_program_finds_the_code_of_an_error_on_the_last_line() {
        Ran ran = zonda.imgadm("-E", "get", UUID.randomUUID().toString());
        assertThat(ran.status()).isEqualTo(3);
        assertThat(ran.err()).startsWith("imgadm get: error (ImageNotInstalled): image \"");
        Json.Obj record = lastLine(ran);
        assertThat(record.object("err").string("code")).contains("ImageNotInstalled");
        assertThat(record.object("err").string("message")).isEqualTo(record.string("msg"));
        assertThat(record.integer("level", 0)).isEqualTo(50);
        assertThat(record.string("name")).contains("imgadm");

        assertThat(lastLine(zonda.imgadm("-v", "-E", "frob")).object("err").string("code"))
                .contains("UnknownCommand");
        assertThat(lastLine(zonda.imgadm("-E")).object("err").string("code")).contains("NoCommand");
        assertThat(lastLine(zonda.imgadm("-E", "create", "nosuch", "name=x", "version=1"))
                        .object("err")
                        .string("code"))
                .contains("VmNotFound");
        assertThat(zonda.imgadm("frob").err())
                .isEqualTo("imgadm frob: error (UnknownCommand): unknown command: \"frob\"\n");
        assertThat(zonda.imgadm("list", "-H").status()).isZero();
    }
}
