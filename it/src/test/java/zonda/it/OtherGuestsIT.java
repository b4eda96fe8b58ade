package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;
import zonda.kvm.Machine;
import zonda.kvm.Qemu;
import zonda.kvm.Qmp;

/** Guests that are no Linux, of Debian's packages memtest86+ and ipxe, on a BIOS and on UEFI, known by their screens. */
@EnabledIfEnvironmentVariable(
        named = "ZONDA_SLOW_TESTS",
        matches = ".+",
        disabledReason = "takes minutes; ZONDA_SLOW_TESTS=1 runs it")
class OtherGuestsIT {
    private static final Duration BOOT = Duration.ofSeconds(240);
    private static final Duration LOOK = Duration.ofSeconds(3);
    private static final Path MEMTEST = Path.of("/usr/lib/memtest86+/memtest86+x64.iso");
    private static final Path IPXE = Path.of("/usr/lib/ipxe/ipxe.iso");
    /** The screen's characters and their attributes, as a PC has them. */
    private static final int TEXT = 0xb8000;

    private static final int TEXT_LENGTH = 80 * 25 * 2;

    @RegisterExtension
    static final Instance zonda = new Instance();

    @BeforeAll
    static void wanted() {
        assumeTrue(Files.isExecutable(Qemu.PROGRAM), "needs qemu-system-x86");
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    private static Json.Obj payload(String brand) {
        return Json.object()
                .with("brand", brand)
                .with("alias", "other")
                .with("ram", 128)
                .with("autoboot", false);
    }

    private static void good(String... words) {
        Ran ran = zonda.run("vmadm", words);
        assertThat(ran.status()).as(ran.toString()).isZero();
    }

    /** How much of the display is blue. */
    private static double blue(UUID vm) throws IOException {
        good("sysrq", vm.toString(), "screenshot");
        byte[] picture = Files.readAllBytes(zonda.datasetRoot(vm).resolve("tmp/vm.ppm"));
        String head = new String(picture, 0, 20, StandardCharsets.ISO_8859_1);
        int begin = head.indexOf("\n255\n") + 5;
        int blue = 0;
        for (int i = begin; i + 2 < picture.length; i += 3) {
            boolean isBlue = picture[i] == 0 && picture[i + 1] == 0 && (picture[i + 2] & 0xff) > 100;
            blue += isBlue ? 1 : 0;
        }
        return blue * 3.0 / (picture.length - begin);
    }

    private static boolean looksBlue(UUID vm) {
        try {
            return blue(vm) > 0.5;
        } catch (IOException e) {
            return false;
        }
    }

    private static void awaitMemtest(UUID vm) {
        assertThat(Await.steadily(BOOT, LOOK, () -> looksBlue(vm)))
                .as(() -> zonda.vmadm("why", vm.toString()).out())
                .isTrue();
    }

    @Test
    void memtest_runs_on_a_bios() {
        assumeTrue(Files.exists(MEMTEST), "needs memtest86+");
        UUID vm = zonda.create(payload("kvm"));
        good("start", vm.toString(), "order=d", "cdrom=" + MEMTEST + ",ide");
        awaitMemtest(vm);
    }

    @Test
    void memtest_runs_on_uefi_whose_variables_are_the_machines_own() throws IOException {
        assumeTrue(Files.exists(MEMTEST), "needs memtest86+");
        assumeTrue(Files.exists(Machine.Firmware.UEFI.freshVariables()), "needs ovmf");
        UUID vm = zonda.create(payload("bhyve").with("bootrom", "uefi"));
        good("start", vm.toString(), "order=d", "cdrom=" + MEMTEST + ",ahci");
        awaitMemtest(vm);

        Path variables = zonda.datasetRoot(vm).resolve("uefi-variables");
        byte[] fresh = Files.readAllBytes(Machine.Firmware.UEFI.freshVariables());
        good("stop", "-F", vm.toString());
        byte[] kept = Files.readAllBytes(variables);
        assertThat(kept).as("the firmware has written what it found").isNotEqualTo(fresh);
        Path file = zonda.root().resolve("exported");
        good("export", vm.toString(), file.toString());
        zonda.delete(vm);
        good("import", file.toString());
        Files.delete(file);
        assertThat(variables).hasBinaryContent(kept);
    }

    /** What is on the screen as text. */
    private static String text(UUID vm) {
        Path tmp = zonda.datasetRoot(vm).resolve("tmp");
        try (Qmp qmp = Qmp.connect(tmp.resolve(Qemu.CONTROL))) {
            qmp.execute(
                    "pmemsave",
                    Json.object().with("val", TEXT).with("size", TEXT_LENGTH).with("filename", "/tmp/screen"));
            byte[] screen = Files.readAllBytes(tmp.resolve("screen"));
            var text = new StringBuilder();
            for (int i = 0; i < screen.length; i += 2) {
                text.append((char) screen[i]);
            }
            return text.toString();
        } catch (IOException e) {
            return "";
        }
    }

    @Test
    void ipxe_takes_the_address_that_the_machine_has() {
        assumeTrue(Files.exists(IPXE), "needs ipxe");
        UUID vm = zonda.create(
                Instance.withNics(payload("kvm"), Instance.nic("dhcp").with("model", "e1000")));
        good("start", vm.toString(), "order=d", "cdrom=" + IPXE + ",ide");

        String mac = zonda.get(vm).array("nics").objects().getFirst().string("mac", "");
        Path given = zonda.root().resolve("run/zonda/network/dnsmasq/stub0/dhcp-hosts/" + mac.replace(':', '-'));
        String address = new String(Instance.read(given), StandardCharsets.US_ASCII).split(",")[1];
        assertThat(Await.steadily(BOOT, LOOK, () -> text(vm).contains("net0: " + address + "/")))
                .as(() -> text(vm))
                .isTrue();
        assertThat(text(vm)).contains("Open Source Network Boot Firmware");
    }
}
