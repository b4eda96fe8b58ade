package zonda.images.oci;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import zonda.base.Json;

/** A user of a registry. */
public record Credentials(String user, String password) {
    /**
     * From {@code user:password}, as a URL has it before the host.
     *
     * @return empty when there is no colon in it
     */
    public static Optional<Credentials> parse(String userInfo) {
        int colon = userInfo.indexOf(':');
        return colon <= 0
                ? Optional.empty()
                : Optional.of(new Credentials(userInfo.substring(0, colon), userInfo.substring(colon + 1)));
    }

    /** Those for a registry in the text of a docker {@code config.json} or podman {@code auth.json}, if there are any. */
    public static Optional<Credentials> find(Json.Obj config, String host) {
        Json.Obj auths = config.object("auths");
        List<String> keys = host.equals("docker.io")
                ? List.of("docker.io", "https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io")
                : List.of(host, "https://" + host, "https://" + host + "/v2/", "http://" + host);
        return keys.stream()
                .map(auths::object)
                .flatMap(entry -> of(entry).stream())
                .findFirst();
    }

    private static Optional<Credentials> of(Json.Obj entry) {
        if (entry.string("username").isPresent()) {
            return Optional.of(new Credentials(entry.string("username", ""), entry.string("password", "")));
        }
        try {
            return entry.string("auth")
                    .map(text -> new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8))
                    .flatMap(Credentials::parse);
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // not base64: nothing anyone could log in with
        }
    }

    /** The value of an Authorization header, RFC 7617. */
    String basic() {
        return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String toString() {
        return user + ":***";
    }
}
