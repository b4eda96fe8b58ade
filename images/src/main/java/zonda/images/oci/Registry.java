package zonda.images.oci;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import zonda.base.Json;
import zonda.images.web.Download;
import zonda.images.web.Web;

/**
 * An image in a registry (OCI distribution-spec 1.1, "Pull"), with Docker's token or basic authentication. Several
 * threads may fetch layers at a time.
 */
public final class Registry implements ImageSource {
    private static final int LIMIT = 4 << 20;
    private static final String ACCEPT =
            String.join(", ", OciImage.INDEX, OciImage.MANIFEST, OciImage.DOCKER_LIST, OciImage.DOCKER_MANIFEST);

    private final Web web;
    private final Reference reference;
    private final URI base;
    private final Optional<Credentials> credentials;
    private final Platform platform;

    /** The Authorization header that worked last; tokens run out within minutes, and are then asked for anew. */
    private volatile Optional<String> authorization = Optional.empty();

    /**
     * How to reach a registry.
     *
     * @param plain by http, not https
     */
    public record Access(boolean plain, Optional<Credentials> credentials, Platform platform) {}

    /** @param web is closed with this */
    public Registry(Web web, Reference reference, Access access) {
        this.web = web;
        this.reference = reference;
        this.base = URI.create((access.plain() ? "http://" : "https://") + reference.apiHost() + "/v2/");
        this.credentials = access.credentials();
        this.platform = access.platform();
    }

    /** Asks whether it is a registry that takes our credentials. @throws IOException when it isn't */
    public void ping() throws IOException {
        Web.Answer answer = web.get(Web.Request.of(base), LIMIT);
        // A registry of the kind that wants a token for a repository answers 401 here to everybody.
        if (answer.status() != 401 || answer.header("www-authenticate").isEmpty()) {
            answer.orFail();
        }
    }

    @Override
    public String location() {
        return base.getScheme() + "://" + reference.host() + "/" + reference.repository();
    }

    @Override
    public List<Name> names() {
        return List.of(new Name(reference.familiar(), reference.tag()));
    }

    @Override
    public OciImage image() throws IOException {
        byte[] manifest = manifest(reference.wanted(), reference.digest());
        return OciImage.read(manifest, platform, this::small);
    }

    private byte[] small(Descriptor wanted) throws IOException {
        if (!wanted.mediaType().contains("manifest") && !wanted.mediaType().contains("index")) {
            byte[] blob = get(base.resolve(reference.repository() + "/blobs/" + wanted.digest()), "*/*");
            wanted.digest().check(blob, "fetch " + wanted.digest());
            return blob;
        }
        return manifest(wanted.digest().toString(), Optional.of(wanted.digest()));
    }

    private byte[] manifest(String wanted, Optional<Digest> digest) throws IOException {
        byte[] manifest = get(base.resolve(reference.repository() + "/manifests/" + wanted), ACCEPT);
        if (digest.isPresent()) {
            digest.get().check(manifest, "fetch manifest " + reference);
        }
        return manifest;
    }

    private byte[] get(URI uri, String accept) throws IOException {
        Web.Request request = new Web.Request(uri, Map.of("Accept", accept));
        Web.Answer answer = web.get(authorized(request), LIMIT);
        if (answer.status() == 401) {
            authorize(answer);
            answer = web.get(authorized(request), LIMIT);
        }
        return answer.orFail().body();
    }

    @Override
    public Blob layer(Descriptor layer, Path file, LongConsumer progress) throws IOException {
        Web.Request request = Web.Request.of(base.resolve(reference.repository() + "/blobs/" + layer.digest()));
        var download =
                new Download(web, file, Download.Expected.sha256(layer.digest().hex(), layer.size()), progress);
        download.run(new Download.Requests() {
            @Override
            public Web.Request next() {
                return authorized(request);
            }

            @Override
            public void refused() throws IOException {
                authorize(web.get(request, LIMIT));
            }
        });
        return () -> Files.newInputStream(file);
    }

    private Web.Request authorized(Web.Request request) {
        return authorization.map(value -> request.with("Authorization", value)).orElse(request);
    }

    private void authorize(Web.Answer refusal) throws IOException {
        List<Challenge> challenges =
                Challenge.parse(refusal.header("www-authenticate").orElse(""));
        for (Challenge challenge : challenges) {
            switch (challenge.scheme()) {
                case "bearer" -> {
                    authorization = Optional.of("Bearer " + token(challenge));
                    return;
                }
                case "basic" -> {
                    if (credentials.isEmpty()) {
                        throw new OciException(reference.host() + " wants a user and a password, and none are known");
                    }
                    authorization = credentials.map(Credentials::basic);
                    return;
                }
                default -> {
                    // one that we don't speak
                }
            }
        }
        throw new OciException(reference.host() + " wants an authentication that isn't known here: "
                + refusal.header("www-authenticate").orElse("none"));
    }

    /** Docker's token authentication: a server that the registry names gives one for this repository. */
    private String token(Challenge challenge) throws IOException {
        String realm = challenge.get("realm").orElseThrow(() -> new OciException(reference.host() + " names no realm"));
        String scope = challenge.get("scope").orElse("repository:" + reference.repository() + ":pull");
        String query = "scope=" + encoded(scope)
                + challenge
                        .get("service")
                        .map(service -> "&service=" + encoded(service))
                        .orElse("");
        URI uri = realm(realm, query);
        Web.Request request = Web.Request.of(uri);
        Web.Answer answer = web.get(
                        credentials
                                .map(known -> request.with("Authorization", known.basic()))
                                .orElse(request),
                        LIMIT)
                .orFail();
        Json.Obj said = OciImage.object(answer.body(), "token");
        return said.string("token")
                .or(() -> said.string("access_token"))
                .filter(token -> token.chars().allMatch(c -> c > ' ' && c < 0x7f))
                .orElseThrow(() -> new OciException("GET " + Web.shown(uri) + ": no token in the answer"));
    }

    /** Credentials go to it: never in the clear, unless the registry itself is spoken to so. */
    private URI realm(String realm, String query) throws OciException {
        try {
            URI uri = URI.create(realm + (realm.contains("?") ? "&" : "?") + query);
            if ("https".equals(uri.getScheme()) || "http".equals(uri.getScheme()) && "http".equals(base.getScheme())) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            throw new OciException(reference.host() + " names a realm that isn't a URL", e);
        }
        throw new OciException(reference.host() + " names a realm that isn't https: " + realm);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        web.close();
    }
}
