package zonda.images.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProxiesTest {
    private static String proxy(Map<String, String> environment, String uri) {
        Proxy proxy = new Proxies(environment).select(URI.create(uri)).getFirst();
        return proxy.address() instanceof InetSocketAddress address
                ? address.getHostString() + ":" + address.getPort()
                : "direct";
    }

    @Test
    void both_spellings_are_taken() {
        assertThat(proxy(Map.of("http_proxy", "http://p:3128"), "http://a.com/x"))
                .isEqualTo("p:3128");
        assertThat(proxy(Map.of("HTTPS_PROXY", "p2:8080/"), "https://a.com")).isEqualTo("p2:8080");
        assertThat(proxy(Map.of("http_proxy", "http://p"), "https://a.com")).isEqualTo("direct");
        assertThat(proxy(Map.of("ALL_PROXY", "https://p"), "http://a.com")).isEqualTo("p:443");
        assertThat(proxy(Map.of("http_proxy", ""), "http://a.com")).isEqualTo("direct");
    }

    @Test
    void exceptions_and_loopback_go_directly() {
        var environment = Map.of("http_proxy", "http://p:1", "NO_PROXY", "intern.example, .b.com,*.c.com");

        assertThat(proxy(environment, "http://intern.example/")).isEqualTo("direct");
        assertThat(proxy(environment, "http://x.intern.EXAMPLE/")).isEqualTo("direct");
        assertThat(proxy(environment, "http://notintern.example/")).isEqualTo("p:1");
        assertThat(proxy(environment, "http://a.b.com")).isEqualTo("direct");
        assertThat(proxy(environment, "http://a.c.com")).isEqualTo("direct");
        assertThat(proxy(environment, "http://127.0.0.1:5000")).isEqualTo("direct");
        assertThat(proxy(Map.of("http_proxy", "p:1", "no_proxy", "*"), "http://a.com"))
                .isEqualTo("direct");
    }
}
