package zonda.images;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongConsumer;
import zonda.base.Json;
import zonda.images.web.Download;
import zonda.images.web.Web;
import zonda.images.web.WebException;

/** One IMGAPI server, or one of its predecessor dsapi, which can only be listed. Confined to its caller. */
final class Imgapi implements AutoCloseable {
    private static final int LIMIT = 64 << 20;
    private static final int PAGE = 1000;

    private final Web web;
    private final Source source;

    /** @param web is closed with this */
    Imgapi(Web web, Source source) {
        this.web = web;
        this.source = source;
    }

    void ping() throws IOException {
        boolean isDsapi = source.type() == Source.Type.DSAPI;
        Web.Answer answer =
                web.get(request(isDsapi ? "/datasets" : "/ping"), LIMIT).orFail();
        if (!isDsapi && !Json.parseObject(answer.text()).string("ping", "").equals("pong")) {
            throw new IOException("it doesn't answer pong");
        }
    }

    /**
     * All active images.
     *
     * @param skipped gets a line for each manifest that isn't valid
     */
    List<Manifest> list(List<String> skipped) throws IOException {
        var found = new ArrayList<Manifest>();
        if (source.type() == Source.Type.DSAPI) {
            read(web.get(request("/datasets"), LIMIT).orFail(), found, skipped);
            return found;
        }
        Optional<String> marker = Optional.empty();
        while (true) {
            String page = "/images?state=active&limit=" + PAGE
                    + marker.map(last -> "&marker=" + last).orElse("");
            List<Json.Obj> items = read(web.get(request(page), LIMIT).orFail(), found, skipped);
            Optional<String> last =
                    items.isEmpty() ? Optional.empty() : items.getLast().string("uuid");
            if (items.size() < PAGE || last.isEmpty() || last.equals(marker)) {
                return found;
            }
            marker = last;
        }
    }

    private List<Json.Obj> read(Web.Answer answer, List<Manifest> found, List<String> skipped) throws IOException {
        try {
            if (!(Json.parse(answer.text()) instanceof Json.Arr array)) {
                throw new IOException(source.shown() + ": the answer isn't a list of manifests");
            }
            for (Json.Obj item : array.objects()) {
                try {
                    found.add(Manifest.of(item));
                } catch (ImageException e) {
                    skipped.add(source.shown() + ": " + item.string("uuid", "an image") + ": " + e.getMessage());
                }
            }
            return array.objects();
        } catch (Json.JsonSyntaxException e) {
            throw new IOException(source.shown() + ": the answer isn't JSON: " + e.getMessage(), e);
        }
    }

    /** Empty when it hasn't this image. */
    Optional<Manifest> find(UUID uuid) throws IOException {
        String path = source.type() == Source.Type.DSAPI ? "/datasets/" : "/images/";
        Web.Answer answer = web.get(request(path + uuid), LIMIT);
        if (answer.status() == 404) {
            return Optional.empty();
        }
        return Optional.of(Manifest.parse(answer.orFail().text()));
    }

    /** Fetches the image's file; it is checked when the manifest says how. */
    void file(Manifest manifest, Path file, LongConsumer progress) throws IOException {
        var expected = new Download.Expected(
                manifest.file().size(), "SHA-1", manifest.file().sha1());
        new Download(web, file, expected, progress).run(() -> request("/images/" + manifest.uuid() + "/file"));
    }

    private Web.Request request(String path) throws IOException {
        return request(source, path, source.channel());
    }

    /** @param channel of the server's, to look at in place of its default one */
    static Web.Request request(Source source, String path, Optional<String> channel) throws IOException {
        URI base = source.uri();
        try {
            String url = base.getScheme() + "://" + source.host()
                    + Optional.ofNullable(base.getRawPath()).orElse("").replaceFirst("/+$", "") + path
                    + channel.map(name -> (path.contains("?") ? "&" : "?") + "channel=" + name)
                            .orElse("");
            Web.Request request = Web.Request.of(URI.create(url)).with("Accept-Version", "~2");
            return source.userInfo()
                    .map(user -> request.with("Authorization", "Basic " + base64(user)))
                    .orElse(request);
        } catch (IllegalArgumentException e) {
            throw new IOException("not a URL: " + source.shown() + path, e);
        }
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    static boolean isMissing(IOException e) {
        return e instanceof WebException answer && answer.status() == 404;
    }

    @Override
    public void close() {
        web.close();
    }
}
