package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import zonda.base.Await;
import zonda.kernel.Command;

/**
 * The modules of Ansible that drive SmartOS, unchanged, against the real commands: a second run of a playbook changes
 * nothing. Takes a minute.
 */
class AnsibleIT {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final String MAC = "02:08:20:00:0a:0b";

    @RegisterExtension
    @Order(1)
    static final Instance zonda = new Instance();

    @TempDir
    static Path directory;

    @BeforeAll
    static void need_ansible() throws IOException {
        assumeTrue("1".equals(System.getenv("ZONDA_SLOW_TESTS")), "a slow test: set ZONDA_SLOW_TESTS=1");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/ansible-playbook")), "no ansible");
        Path bin = Files.createDirectory(directory.resolve("bin"));
        for (String tool : List.of("vmadm", "imgadm", "nictagadm")) {
            String client = zonda.client(tool, "").stream()
                    .map(word -> "'" + word + "'")
                    .collect(Collectors.joining(" "));
            Files.writeString(bin.resolve(tool), "#!/bin/sh\nexec " + client + " \"$@\"\n");
            assertThat(bin.resolve(tool).toFile().setExecutable(true)).isTrue();
        }
    }

    /** In the place of a physical NIC. */
    private static void link(String... words) {
        Command.of("ip").with("link").with(words).check(LIMIT);
    }

    /** What it says at the end: ok=… changed=… */
    private static String play(String tasks) throws IOException {
        Path playbook = directory.resolve("play.yml");
        Files.writeString(
                playbook, "- hosts: localhost\n  connection: local\n  gather_facts: false\n  tasks:\n" + tasks);
        Command.Result ran = Command.of("ansible-playbook", "-i", "localhost,", playbook.toString())
                .environment("PATH", directory.resolve("bin") + ":/usr/sbin:/usr/bin:/sbin:/bin")
                .environment("ZONDA_SOCKET", zonda.identity().socket().toString())
                .environment("HOME", directory.toString())
                .environment("LC_ALL", "C.UTF-8")
                .environment("ANSIBLE_PYTHON_INTERPRETER", "/usr/bin/python3")
                .run(LIMIT);
        assertThat(ran.status()).as(ran.out() + ran.err()).isZero();
        return ran.out()
                .lines()
                .filter(line -> line.startsWith("localhost "))
                .findFirst()
                .orElseThrow()
                .replaceAll(" +", " ");
    }

    private static String tasks(UUID image, String url) {
        return """
                  - community.general.nictagadm: { name: outside, mac: "MAC", state: present }
                  - community.general.imgadm: { source: "URL", type: imgapi, state: present }
                  - community.general.imgadm: { uuid: IMAGE, state: imported }
                  - community.general.smartos_image_info: {}
                    register: images
                  - assert: { that: "'IMAGE' in images.smartos_images" }
                  - community.general.vmadm:
                      brand: joyent-minimal
                      state: running
                      alias: web01
                      image_uuid: IMAGE
                      max_physical_memory: 64
                      quota: 1
                      customer_metadata: { role: web }
                      resolvers: [ 8.8.8.8 ]
                      nics: [ { nic_tag: stub0, ips: [ dhcp ], primary: true } ]
                  - community.general.vmadm: { alias: db01, brand: joyent-minimal, state: stopped,
                      image_uuid: IMAGE, max_physical_memory: 64, quota: 1 }
                """.replace("IMAGE", image.toString())
                .replace("URL", url)
                .replace("MAC", MAC)
                .indent(2);
    }

    @Test
    void a_playbook_makes_what_it_says_and_the_second_time_all_is_ok() throws IOException {
        String nic = zonda.identity().prefix() + "an";
        link("add", nic, "address", MAC, "type", "veth", "peer", "name", nic + "p");
        try {
            playAll();
        } finally {
            link("delete", nic);
        }
    }

    private static void playAll() throws IOException {
        Path served = Files.createDirectory(directory.resolve("served"));
        UUID seed = zonda.create(zonda.payload("seed"));
        zonda.vmadm("stop", "-F", "seed");
        UUID image = UUID.randomUUID();
        Ran made = zonda.imgadm(
                "create", "-o", served.toString(), seed.toString(), "name=seed", "version=1", "uuid=" + image);
        assertThat(made.status()).as(made.toString()).isZero();
        zonda.delete(seed);
        try (Call server = zonda.call("imgadm", "serve", "-l", "127.0.0.1:0", served.toString())) {
            assertThat(Await.until(LIMIT, () -> server.err().contains("http://")))
                    .isTrue();
            String url = server.err().strip().replaceFirst("(?s).* at ", "");
            assertThat(zonda.imgadm("sources", "-d", "https://images.smartos.org")
                            .status())
                    .isZero();

            assertThat(play(tasks(image, url))).contains(" ok=7 changed=5 ", " failed=0 ");
            assertThat(zonda.vmadm("list", "-H", "-o", "alias,state", "-s", "alias")
                            .out()
                            .replaceAll(" +", " "))
                    .isEqualTo("db01 stopped\nweb01 running\n");
            assertThat(play(tasks(image, url))).contains(" ok=7 changed=0 ", " failed=0 ");

            assertThat(play("""
                    - community.general.vmadm: { alias: web01, state: absent }
                    - community.general.vmadm: { alias: db01, state: absent }
                    - community.general.imgadm: { uuid: IMAGE, state: deleted }
                    - community.general.imgadm: { source: "URL", state: absent }
                    - community.general.nictagadm: { name: outside, mac: "MAC", state: absent, force: false }
                  """.replace("IMAGE", image.toString())
                            .replace("URL", url)
                            .replace("MAC", MAC)
                            .indent(2)))
                    .contains(" ok=5 changed=5 ");
        }
        assertThat(zonda.vmadm("lookup").out()).isEmpty();
        assertThat(zonda.imgadm("get", image.toString()).status()).isEqualTo(3);
    }
}
