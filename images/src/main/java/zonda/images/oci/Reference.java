package zonda.images.oci;

import java.util.Optional;
import java.util.regex.Pattern;
import zonda.images.web.Web;

/**
 * What an image is called: {@code [host[:port]/]repository[:tag][@digest]}, as docker and podman take it. Without a host
 * it is Docker Hub's.
 *
 * @param host with its port, if one is given
 * @param tag {@code latest} when neither tag nor digest is given
 */
public record Reference(String host, String repository, Optional<String> tag, Optional<Digest> digest) {
    private static final String DOCKER_HUB = "docker.io";
    private static final Pattern HOST =
            Pattern.compile("([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\\[[0-9A-Fa-f:]+])(:[0-9]{1,5})?");
    private static final Pattern REPOSITORY =
            Pattern.compile("[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*");
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,127}");

    /** @throws OciException saying what is wrong with it */
    public static Reference parse(String text) throws OciException {
        String rest = text;
        Optional<Digest> digest = Optional.empty();
        int at = rest.indexOf('@');
        if (at >= 0) {
            digest = Optional.of(Digest.parse(rest.substring(at + 1)));
            rest = rest.substring(0, at);
        }
        Optional<String> tag = Optional.empty();
        int colon = rest.lastIndexOf(':');
        if (colon > rest.lastIndexOf('/')) {
            tag = Optional.of(rest.substring(colon + 1));
            rest = rest.substring(0, colon);
        }
        if (tag.isPresent() && !TAG.matcher(tag.get()).matches()) {
            throw new OciException("\"" + text + "\" isn't an image's name: not a tag after the colon");
        }
        String host = DOCKER_HUB;
        int slash = rest.indexOf('/');
        if (slash > 0 && isHost(rest.substring(0, slash))) {
            host = rest.substring(0, slash);
            rest = rest.substring(slash + 1);
        }
        if (host.equals("index.docker.io")) {
            host = DOCKER_HUB;
        }
        if (host.equals(DOCKER_HUB) && rest.indexOf('/') < 0) {
            rest = "library/" + rest;
        }
        if (!HOST.matcher(host).matches()
                || rest.length() > 255
                || !REPOSITORY.matcher(rest).matches()) {
            throw new OciException("\"" + text + "\" isn't an image's name: [HOST[:PORT]/]REPOSITORY[:TAG|@DIGEST]");
        }
        return new Reference(host, rest, tag.or(() -> Optional.of("latest")).filter(_ -> tagged(text, at)), digest);
    }

    /** With a digest and no tag of its own, an image has none. */
    private static boolean tagged(String text, int at) {
        return at < 0
                || text.substring(0, at).lastIndexOf(':')
                        > text.substring(0, at).lastIndexOf('/');
    }

    /** The first component is a host when it looks like no repository's could: docker's rule. */
    private static boolean isHost(String first) {
        return first.indexOf('.') >= 0 || first.indexOf(':') >= 0 || first.equals("localhost");
    }

    /** The same image at another registry: a docker source. Docker Hub's own repositories have a prefix there only. */
    public Reference at(String registry) {
        if (registry.equals(DOCKER_HUB)
                || registry.equals("index.docker.io")
                || registry.equals("registry-1.docker.io")) {
            return this;
        }
        return new Reference(registry, familiar(), tag, digest);
    }

    public boolean isDockerHub() {
        return host.equals(DOCKER_HUB);
    }

    /** Where the registry's API is. */
    String apiHost() {
        return isDockerHub() ? "registry-1.docker.io" : host;
    }

    public boolean isLoopback() {
        return Web.isLoopback(host.replaceFirst(":[0-9]+$", ""));
    }

    /** As people type it: without what goes without saying. */
    public String familiar() {
        if (!isDockerHub()) {
            return host + "/" + repository;
        }
        return repository.startsWith("library/") ? repository.substring("library/".length()) : repository;
    }

    /** What is asked of the registry: the digest if there is one. */
    String wanted() {
        return digest.map(Digest::toString).or(() -> tag).orElse("latest");
    }

    @Override
    public String toString() {
        return familiar()
                + tag.map(t -> ":" + t).orElse("")
                + digest.map(d -> "@" + d).orElse("");
    }
}
