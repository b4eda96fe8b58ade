package zonda.images;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.base.Json;

/**
 * A server that images come from.
 *
 * @param url without a slash at its end; may have credentials before the host
 * @param insecure take any certificate
 */
public record Source(String url, Type type, boolean insecure) {
    /** What a server speaks. */
    public enum Type {
        IMGAPI,
        DOCKER,
        DSAPI;

        /** @throws ImageException USAGE */
        public static Type parse(String word) {
            for (Type type : values()) {
                if (type.word().equals(word)) {
                    return type;
                }
            }
            throw ImageException.usage("unknown source type \"" + word + "\": imgapi, docker or dsapi");
        }

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** @throws ImageException INVALID_ARGUMENT when it isn't an http or https URL */
    public Source {
        while (url.endsWith("/")) {
            url = url.substring(0, url.length() - 1);
        }
        if (!isHttp(url)) {
            throw new ImageException(ImageError.INVALID_ARGUMENT, "not an http or https URL: \"" + masked(url) + "\"");
        }
    }

    private static boolean isHttp(String url) {
        try {
            URI uri = URI.create(url);
            return uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static Source of(Json.Obj json) {
        return new Source(
                json.string("url", ""), Type.parse(json.string("type", "imgapi")), json.bool("insecure", false));
    }

    /** As it stands in {@code imgadm.conf}, and as {@code imgadm sources -j} prints it. */
    public Json.Obj json() {
        Json.Obj json = Json.object().with("url", url).with("type", type.word());
        return insecure ? json.with("insecure", true) : json;
    }

    URI uri() {
        return URI.create(url);
    }

    /** The channel of its URL's query, encoded: {@code https://host?channel=dev}. */
    Optional<String> channel() {
        return Optional.ofNullable(uri().getRawQuery()).stream()
                .flatMap(query -> Stream.of(query.split("&")))
                .filter(pair -> pair.startsWith("channel="))
                .map(pair -> pair.substring("channel=".length()))
                .findFirst();
    }

    /** The same server's images in another channel. */
    public Source inChannel(String channel) {
        String encoded = URLEncoder.encode(channel, StandardCharsets.UTF_8);
        return type == Type.IMGAPI
                ? new Source(url.replaceFirst("\\?.*$", "") + "?channel=" + encoded, type, insecure)
                : this;
    }

    /** Host and port, if it has one. */
    String host() {
        return uri().getHost() + (uri().getPort() >= 0 ? ":" + uri().getPort() : "");
    }

    Optional<String> userInfo() {
        return Optional.ofNullable(uri().getUserInfo());
    }

    /** The URL without the password. */
    public String shown() {
        return masked(url);
    }

    private static String masked(String url) {
        return url.replaceFirst("(//[^/@:]*):[^/@]*@", "$1:***@");
    }
}
