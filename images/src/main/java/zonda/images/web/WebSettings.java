package zonda.images.web;

import java.time.Duration;
import java.util.Map;

/**
 * How patient to be, and which way to go.
 *
 * @param connect until there is a connection
 * @param idle until the answer begins, and between its parts
 * @param attempts in all, of which all but the first wait: the backoff, twice that, and so on up to 64 times
 * @param environment where {@code http_proxy} and its like are looked up
 */
public record WebSettings(
        Duration connect, Duration idle, int attempts, Duration backoff, Map<String, String> environment) {
    public WebSettings {
        environment = Map.copyOf(environment);
    }

    public static WebSettings of(Map<String, String> environment) {
        return new WebSettings(Duration.ofSeconds(15), Duration.ofSeconds(60), 5, Duration.ofMillis(500), environment);
    }
}
