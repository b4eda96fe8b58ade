package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Await;

/** The guests of {@link MachineDisk}, as they are reached over their NICs. */
record MachineGuest(Instance zonda) {
    /** An emulated CPU boots a kernel in seconds, in many on a busy machine. */
    private static final Duration BOOT = Duration.ofSeconds(150);

    private static final Duration SOON = Duration.ofSeconds(60);

    /** What the guest says of itself, over its NIC. */
    Map<String, String> facts(UUID vm) {
        String page = "http://" + address(vm) + "/facts";
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(page))
                    .timeout(Duration.ofSeconds(5))
                    .build();
            String[] text = new String[1];
            boolean answered = Await.until(BOOT, () -> {
                try {
                    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
                    text[0] = response.body();
                    return response.statusCode() == 200;
                } catch (IOException e) {
                    return false;
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return true;
                }
            });
            assertThat(answered)
                    .as(() -> page + ", VM " + zonda.state(vm) + known(vm) + "\n"
                            + zonda.get(vm).compact())
                    .isTrue();
            return text[0].lines()
                    .map(line -> line.split(" ", 2))
                    .collect(Collectors.toMap(words -> words[0], words -> words.length > 1 ? words[1] : ""));
        }
    }

    /** Types a line at its console, and waits for what comes of it. */
    void type(UUID vm, String line, String answer) {
        try (Call console = zonda.onTerminal("vmadm", "console", vm.toString())) {
            assertThat(Await.until(SOON, console::isRaw)).isTrue();
            console.type(line + "\r");
            console.awaitOut(answer, SOON);
            console.type("\u001d");
            assertThat(console.ran(SOON).status()).isZero();
        }
    }

    /** What the DHCP server knows of it, and all that it has said at its console. */
    private String known(UUID vm) {
        Path network = zonda.root().resolve("run/zonda/network/dnsmasq/stub0");
        return Stream.of(
                        network.resolve("leases"),
                        network.resolve("log"),
                        zonda.root().resolve("var/log/zonda/" + vm + ".console"))
                .map(file -> "\n" + file.getFileName() + ":\n" + text(file))
                .collect(Collectors.joining());
    }

    private static String text(Path file) {
        return Files.exists(file) ? new String(Instance.read(file)).replaceAll("\n\\s*\n", "\n") : "-";
    }

    /** What the embedded network's DHCP server gives to the VM's NIC. */
    String address(UUID vm) {
        String mac = zonda.get(vm).array("nics").objects().getFirst().string("mac", "");
        Path given = zonda.root().resolve("run/zonda/network/dnsmasq/stub0/dhcp-hosts/" + mac.replace(':', '-'));
        return new String(Instance.read(given)).split(",")[1];
    }
}
