package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Json;

class CloudSeedTest {
    private static final String SEED = "var/lib/cloud/seed/nocloud/";

    private final UUID uuid = UUID.randomUUID();

    @TempDir
    Path root;

    private VmConfig vm(Json.Obj customer, Json.Obj internal) {
        return new VmConfig(Json.object()
                .with("uuid", uuid.toString())
                .with("zonename", uuid.toString())
                .with("hostname", "web")
                .with("customer_metadata", customer)
                .with("internal_metadata", internal));
    }

    private void seed(VmConfig vm) {
        try (GuestRoot guest = GuestRoot.open(root)) {
            guest.seed(vm);
        }
    }

    private String file(String path) throws Exception {
        return Files.readString(root.resolve(path));
    }

    private void install() throws Exception {
        Files.createDirectories(root.resolve("usr/bin"));
        Files.createFile(root.resolve("usr/bin/cloud-init"));
    }

    @Test
    void an_image_without_cloud_init_gets_nothing() {
        seed(vm(Json.object(), Json.object()));

        assertThat(root.toFile().list()).isEmpty();
    }

    @Test
    void the_seed_says_who_the_vm_is_and_follows_its_metadata() throws Exception {
        install();
        Json.Obj customer = Json.object()
                .with("root_authorized_keys", "ssh-ed25519 AAA me@\"home\"\n\n# no key\nssh-rsa BBB\n")
                .with("cloud-init:user-data", "#cloud-config\npackages: [nginx]\n");
        seed(vm(customer, Json.object()));

        Json.Obj metaData = Json.parseObject(file(SEED + "meta-data"));
        assertThat(metaData.string("instance-id", "")).isEqualTo(uuid.toString());
        assertThat(metaData.string("local-hostname", "")).isEqualTo("web");
        assertThat(metaData.array("public-keys").strings())
                .isEqualTo(List.of("ssh-ed25519 AAA me@\"home\"", "ssh-rsa BBB"));
        assertThat(file(SEED + "user-data")).isEqualTo("#cloud-config\npackages: [nginx]\n");
        assertThat(file(SEED + "vendor-data")).isEqualTo("#cloud-config\n{}\n");
        assertThat(Files.getPosixFilePermissions(root.resolve(SEED + "user-data")))
                .as("it may hold passwords")
                .hasSize(2);
        assertThat(file("etc/cloud/cloud.cfg.d/99-zonda.cfg"))
                .contains("datasource_list: [NoCloud, None]", "network: {config: disabled}");

        seed(vm(Json.object().with("cloud-init:network-config", "version: 1\nconfig: []\n"), Json.object()));

        assertThat(file(SEED + "network-config")).isEqualTo("version: 1\nconfig: []\n");
        assertThat(file("etc/cloud/cloud.cfg.d/99-zonda.cfg")).doesNotContain("disabled");
        assertThat(file(SEED + "user-data")).isEqualTo("#cloud-config\n{}\n");
    }

    @Test
    void another_data_source_is_left_alone() throws Exception {
        install();

        seed(vm(Json.object(), Json.object().with("cloudinit_datasource", "smartos")));

        assertThat(root.resolve("var")).doesNotExist();
    }

    @Test
    void links_of_the_guest_lead_nowhere_outside() throws Exception {
        install();
        Path outside = Files.createDirectory(root.resolveSibling(root.getFileName() + "-outside"));
        try {
            Files.createSymbolicLink(root.resolve("var"), outside);
            Files.createDirectories(root.resolve(outside.toString().substring(1)));

            seed(vm(Json.object(), Json.object()));

            assertThat(outside.toFile().list()).isEmpty();
        } finally {
            Files.delete(outside);
        }
    }
}
