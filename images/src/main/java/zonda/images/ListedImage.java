package zonda.images;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import zonda.base.Bytes;
import zonda.base.Json;

/**
 * An image as {@code imgadm list} and {@code imgadm avail} show it.
 *
 * @param zpool empty for one that is available, not installed
 * @param clones datasets made from it
 */
public record ListedImage(
        Manifest manifest, Optional<String> zpool, Optional<String> source, List<String> clones, Optional<Bytes> size) {
    private static final String TAG = "docker:tag:";

    /** Those that aren't members of the manifest. */
    private static final Set<String> COMPUTED = Set.of(
            "published",
            "published_date",
            "pub",
            "source",
            "clones",
            "size",
            "zpool",
            "docker_id",
            "docker_short_id",
            "docker_repo",
            "docker_tags");

    public ListedImage {
        clones = List.copyOf(clones);
    }

    /** One that a source offers. */
    static ListedImage available(Manifest manifest, Source source) {
        return new ListedImage(
                manifest,
                Optional.empty(),
                Optional.of(source.shown()),
                List.of(),
                manifest.file().size().map(Bytes::of));
    }

    static boolean isField(String name) {
        return COMPUTED.contains(name) || ManifestRules.isField(name);
    }

    /** A column, or what a filter compares; empty when the image has none. */
    Optional<Json> field(String name) {
        return switch (name) {
            case "published" ->
                published()
                        .map(time ->
                                Json.of(time.truncatedTo(ChronoUnit.SECONDS).toString()));
            case "published_date", "pub" ->
                published().map(time -> Json.of(time.toString().substring(0, 10)));
            case "source" -> source.map(Json::of);
            case "clones" -> zpool.map(_ -> Json.of(clones.size()));
            case "size" -> size.map(bytes -> Json.of(bytes.value()));
            case "zpool" -> zpool.map(Json::of);
            case "docker_id" -> manifest.tags().get("docker:id");
            case "docker_short_id" -> manifest.tags().string("docker:id").map(id -> Json.of(shortId(id)));
            case "docker_repo" -> manifest.tags().get("docker:repo");
            case "docker_tags" -> dockerTags();
            default -> manifest.json().get(name);
        };
    }

    private static String shortId(String id) {
        String hex = id.substring(id.indexOf(':') + 1);
        return hex.substring(0, Math.min(12, hex.length()));
    }

    private Optional<Instant> published() {
        return manifest.publishedAt();
    }

    private Optional<Json> dockerTags() {
        String tags = manifest.tags().members().keySet().stream()
                .filter(name -> name.startsWith(TAG))
                .map(name -> name.substring(TAG.length()))
                .collect(Collectors.joining(","));
        return tags.isEmpty() ? Optional.empty() : Optional.of(Json.of(tags));
    }

    /** As the column prints it; {@code -} for nothing. */
    String text(String name) {
        if (name.equals("size")) {
            return size.map(Bytes::human).orElse("-");
        }
        return field(name)
                .map(ListedImage::text)
                .filter(text -> !text.isEmpty())
                .orElse("-");
    }

    private static String text(Json value) {
        return value instanceof Json.Str(String text) ? text : value.compact();
    }

    /** An item of {@code imgadm list -j}. */
    public Json.Obj json() {
        // Always there: who reads it asks for it by name.
        Json.Obj json = Json.object().with("manifest", manifest.json());
        if (zpool.isPresent()) {
            json = json.with("zpool", zpool).with("source", origin()).with("clones", clones.size());
        } else {
            json = json.with("source", origin());
        }
        return size.isPresent() ? json.with("size", size.get().value()) : json;
    }

    private Json origin() {
        return source.map(Json::of).orElseGet(Json.Null::new);
    }
}
