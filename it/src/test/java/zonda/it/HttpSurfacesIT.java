package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import zonda.base.Await;
import zonda.base.Json;

/** vminfod's and vmadmd's HTTP servers. */
class HttpSurfacesIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @RegisterExtension
    static final Instance zonda = new Instance();

    private static final HttpClient http = HttpClient.newHttpClient();
    private static int vminfod;
    private static int vmadmd;

    @BeforeAll
    static void configure() throws IOException {
        try (var one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            vminfod = one.getLocalPort();
            vmadmd = other.getLocalPort();
        }
        Path file = zonda.root().resolve("etc/zonda/zondad.json");
        Json.Obj servers = Json.object().with("vminfod", "127.0.0.1:" + vminfod).with("vmadmd", "127.0.0.1:" + vmadmd);
        Files.writeString(
                file,
                Json.parseObject(Files.readString(file)).with("http", servers).pretty());
        zonda.restart();
    }

    @AfterEach
    void leave_nothing() {
        zonda.deleteAll();
        assertThat(zonda.leftovers().ofZones()).isEmpty();
    }

    @AfterAll
    static void close() {
        http.close();
    }

    private static <T> HttpResponse<T> ask(String method, int port, String path, HttpResponse.BodyHandler<T> handler) {
        try {
            var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                    .timeout(LIMIT)
                    .method(method, HttpRequest.BodyPublishers.noBody())
                    .build();
            return http.send(request, handler);
        } catch (IOException e) {
            throw new AssertionError(path, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static HttpResponse<String> get(int port, String path) {
        return ask("GET", port, path, HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> post(String path) {
        return ask("POST", vmadmd, path, HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void vminfod_tells_of_all_vms_as_vmadm_get_shows_them() {
        assertThat(get(vminfod, "/ping").body()).isEqualTo("{\"ping\":\"pong\"}");
        UUID vm = zonda.create(zonda.payload("web01").with("autoboot", false));
        assertThat(Json.parseObject(get(vminfod, "/vms/" + vm).body())).isEqualTo(zonda.get(vm));
        assertThat(
                        Json.parse(get(vminfod, "/vms?x=y").body()) instanceof Json.Arr all
                                ? all.objects()
                                : java.util.List.of())
                .containsExactly(zonda.get(vm));
        assertThat(Json.parseObject(get(vminfod, "/status").body()).integer("numVms", 0))
                .isEqualTo(1);
        assertThat(Json.parseObject(get(vminfod, "/status?full").body())
                        .array("vms")
                        .objects())
                .hasSize(1);

        UUID none = UUID.randomUUID();
        HttpResponse<String> missing = get(vminfod, "/vms/" + none);
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(missing.body()).isEqualTo("VM Not Found: " + none + "\n");
        assertThat(get(vminfod, "/nothing").statusCode()).isEqualTo(404);
        assertThat(get(vminfod, "/nothing").body()).isEqualTo("Unsupported URL Path\n");
        assertThat(ask("POST", vminfod, "/vms", HttpResponse.BodyHandlers.ofString())
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void vminfod_tells_of_changes_as_they_happen() throws IOException {
        UUID vm = zonda.create(zonda.payload("web01").with("autoboot", false));
        try (var events = new BufferedReader(new InputStreamReader(
                ask("GET", vminfod, "/events", HttpResponse.BodyHandlers.ofInputStream())
                        .body(),
                StandardCharsets.UTF_8))) {
            Json.Obj ready = Json.parseObject(events.readLine());
            assertThat(ready.string("type", "")).isEqualTo("ready");
            assertThat(ready.string("uuid")).isPresent();
            assertThat(((Json.Arr) Json.parse(ready.string("vms", ""))).objects())
                    .hasSize(1);

            zonda.vmadm("update", vm.toString(), "max_lwps=77");
            Json.Obj event = Json.parseObject(events.readLine());
            assertThat(event.string("type", "")).isEqualTo("modify");
            assertThat(event.string("uuid", "")).isEqualTo(vm.toString());
            assertThat(event.array("changes").objects())
                    .anyMatch(change -> change.string("prettyPath", "").equals("max_lwps")
                            && change.string("action", "").equals("changed")
                            && change.integer("newValue", 0) == 77);
            zonda.delete(vm);
            String type = "";
            while (!type.equals("delete")) {
                type = Json.parseObject(events.readLine()).string("type", "");
            }
        }
    }

    @Test
    void vmadmd_stops_a_vm_and_refuses_what_is_of_hardware_vms() {
        UUID vm = zonda.create(zonda.payload("web01"));
        assertThat(get(vmadmd, "/vm/" + vm + "/info?types=all").statusCode()).isEqualTo(400);
        assertThat(post("/vm/" + vm + "?action=reset").statusCode()).isEqualTo(400);
        assertThat(post("/vm/" + vm + "?action=dance").statusCode()).isEqualTo(400);
        assertThat(post("/vm/" + vm + "?action=stop&timeout=soon").statusCode()).isEqualTo(400);
        assertThat(post("/vm/" + UUID.randomUUID() + "?action=stop").statusCode())
                .isEqualTo(404);
        assertThat(post("/vm/" + vm).statusCode()).isEqualTo(400);
        assertThat(get(vmadmd, "/vm/" + vm).statusCode()).isEqualTo(400);
        assertThat(get(vmadmd, "/nothing").statusCode()).isEqualTo(404);
        assertThat(post("/vm/" + vm + "?action=stop&timeout=1").statusCode()).isEqualTo(202);
        assertThat(Await.until(LIMIT, () -> zonda.state(vm).equals("stopped"))).isTrue();
    }

    @Test
    void vmadmd_asks_the_machine_of_a_hardware_vm() {
        UUID vm = zonda.create(Json.object()
                .with("brand", "kvm")
                .with("alias", "machine")
                .with("ram", 64)
                .with("vcpus", 1)
                .with("autoboot", false));
        HttpResponse<String> still = get(vmadmd, "/vm/" + vm + "/info?types=status");
        assertThat(still.statusCode()).isEqualTo(400);
        assertThat(still.body()).isEqualTo("VM " + vm + " is not running\n");
        assertThat(zonda.vmadm("start", vm.toString()).status()).isZero();

        Json.Obj info = Json.parseObject(
                get(vmadmd, "/vm/" + vm + "/info?types=status,version").body());
        assertThat(info.members().keySet()).containsExactly("status", "version");
        assertThat(info.object("status").string("status", "")).isEqualTo("running");
        assertThat(get(vmadmd, "/vm/" + vm + "/info?types=mood").body()).isEqualTo("unknown info type mood\n");
        for (String action :
                new String[] {"sysrq&request=nmi", "sysrq&request=screenshot", "reset", "reload_display"}) {
            assertThat(post("/vm/" + vm + "?action=" + action).statusCode())
                    .as(action)
                    .isEqualTo(202);
        }
        assertThat(post("/vm/" + vm + "?action=sysrq&request=dance").statusCode())
                .isEqualTo(400);
        zonda.vmadm("stop", "-F", vm.toString());
    }

    @Test
    void a_server_that_can_not_listen_keeps_the_daemon_from_starting_and_says_why() throws IOException {
        Path file = zonda.root().resolve("etc/zonda/zondad.json");
        String right = Files.readString(file);
        zonda.stop();
        try {
            Files.writeString(file, right.replace("127.0.0.1:" + vminfod, "nowhere"));
            DaemonProcess refused = DaemonProcess.run(zonda.root(), java.util.Map.of(), "serve");
            assertThat(refused.end()).isNotZero();
            assertThat(refused.log()).contains("\"http.vminfod\" must be");
        } finally {
            Files.writeString(file, right);
            zonda.start(java.util.Map.of());
        }
    }
}
