package zonda.images.web;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Proxies as the environment names them: {@code http_proxy}, {@code https_proxy}, {@code all_proxy} and {@code
 * no_proxy}, in lower or upper case. Loopback is never asked of a proxy.
 */
final class Proxies extends ProxySelector {
    private final Map<String, String> environment;

    Proxies(Map<String, String> environment) {
        this.environment = environment;
    }

    @Override
    public List<Proxy> select(URI uri) {
        String host = Optional.ofNullable(uri.getHost()).orElse("");
        if (Web.isLoopback(host) || isExcepted(host)) {
            return List.of(Proxy.NO_PROXY);
        }
        return value(uri.getScheme() + "_proxy")
                .or(() -> value("all_proxy"))
                .map(Proxies::parse)
                .map(List::of)
                .orElse(List.of(Proxy.NO_PROXY));
    }

    private boolean isExcepted(String host) {
        String except = value("no_proxy").orElse("");
        for (String entry : except.split("[,\\s]+")) {
            String domain = entry.startsWith("*.") ? entry.substring(1) : entry;
            String suffix = domain.startsWith(".") ? domain : "." + domain;
            if (entry.equals("*")
                    || !domain.isEmpty()
                            && ("." + host).toLowerCase(Locale.ROOT).endsWith(suffix.toLowerCase(Locale.ROOT))) {
                return true;
            }
        }
        return false;
    }

    private Optional<String> value(String name) {
        return Optional.ofNullable(environment.get(name))
                .or(() -> Optional.ofNullable(environment.get(name.toUpperCase(Locale.ROOT))))
                .filter(text -> !text.isBlank());
    }

    private static Proxy parse(String text) {
        URI uri = URI.create(text.contains("://") ? text : "http://" + text);
        if (uri.getHost() == null) {
            throw new IllegalArgumentException("not the URL of a proxy: " + text);
        }
        int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
        return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(uri.getHost(), port));
    }

    @Override
    public void connectFailed(URI uri, SocketAddress address, IOException reason) {
        // The request itself fails and says so.
    }
}
