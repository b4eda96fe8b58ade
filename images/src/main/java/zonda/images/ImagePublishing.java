package zonda.images;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Json;

/** What the image server changes: a manifest comes first, then the file, and then the image is activated. */
final class ImagePublishing {
    private static final Set<String> PACKINGS = Set.of("none", "gzip", "bzip2", "xz");

    private final ImageFolder folder;
    private final boolean allowed;
    /** Held while a manifest is read, changed and written. */
    private final ReentrantLock changing = new ReentrantLock();

    ImagePublishing(ImageFolder folder, boolean allowed) {
        this.folder = folder;
        this.allowed = allowed;
    }

    private void requireAllowed() {
        if (!allowed) {
            throw new ServerError(403, "NotAllowed", "this server takes nothing; start it with imgadm serve -w");
        }
    }

    private ImageFolder.Entry require(UUID uuid) {
        return folder.find(uuid).orElseThrow(() -> ServerError.notFound("image \"" + uuid + "\" not found"));
    }

    Json.Obj create(Json.Obj given) {
        requireAllowed();
        Json.Obj json = given.without("files")
                .without("published_at")
                .with("v", 2)
                .with("uuid", given.string("uuid", UUID.randomUUID().toString()))
                .with("owner", given.string("owner", Manifest.UNSET_OWNER))
                .with("state", "unactivated")
                .with("disabled", false);
        List<Json.Obj> channels = folder.channels();
        if (!channels.isEmpty() && !json.has("channels")) {
            json = json.with("channels", Json.Arr.ofStrings(List.of(ImageListing.defaultOf(channels))));
        }
        Manifest manifest = Manifest.of(json);
        changing.lock();
        try {
            if (folder.find(manifest.uuid()).isPresent()) {
                throw new ServerError(
                        409, "ImageUuidAlreadyExists", "image uuid \"" + manifest.uuid() + "\" already exists");
            }
            return folder.put(manifest).manifest().json();
        } finally {
            changing.unlock();
        }
    }

    Json.Obj file(UUID uuid, Map<String, String> query, InputStream content) throws IOException {
        requireAllowed();
        ImageFolder.Entry entry = require(uuid);
        if (!entry.state().equals("unactivated")) {
            throw new ServerError(422, "ImageAlreadyActivated", "image \"" + uuid + "\" is activated already");
        }
        String compression = query.getOrDefault("compression", "none");
        if (!PACKINGS.contains(compression)) {
            throw new ServerError(422, "InvalidParameter", "unknown compression \"" + compression + "\"");
        }
        ImageFolder.Stored stored = folder.putFile(entry, content);
        if (!query.getOrDefault("sha1", stored.sha1()).equals(stored.sha1())) {
            entry.file().ifPresent(ImagePublishing::drop);
            throw new ServerError(
                    422, "InvalidParameter", "the file's sha1 is " + stored.sha1() + ", not what was said");
        }
        Json.Obj file = Json.object()
                .with("sha1", stored.sha1())
                .with("size", stored.size())
                .with("compression", compression);
        Json.Obj complete =
                query.containsKey("dataset_guid") ? file.with("dataset_guid", query.get("dataset_guid")) : file;
        return change(uuid, json -> json.with("files", new Json.Arr(List.of(complete))));
    }

    private static void drop(java.nio.file.Path file) {
        try {
            java.nio.file.Files.delete(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("delete " + file + ": " + e, e);
        }
    }

    Json.Obj icon(UUID uuid, String contentType, InputStream content) throws IOException {
        requireAllowed();
        folder.putIcon(require(uuid), content);
        return change(uuid, json -> json.with("icon", Json.object().with("contentType", contentType)));
    }

    Json.Obj action(UUID uuid, Map<String, String> query) {
        requireAllowed();
        ImageFolder.Entry entry = require(uuid);
        String action = query.getOrDefault("action", "");
        return switch (action) {
            case "activate" -> {
                if (entry.file().isEmpty()) {
                    throw new ServerError(422, "NoActivationNoFile", "image \"" + uuid + "\" has no file");
                }
                String now = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
                yield change(uuid, json -> json.with("state", "active").with("published_at", now));
            }
            case "disable" ->
                change(uuid, json -> json.with("state", "disabled").with("disabled", true));
            case "enable" -> change(uuid, json -> json.with("state", "active").with("disabled", false));
            case "channel-add" -> change(uuid, json -> withChannel(json, query.getOrDefault("channel", "")));
            default -> throw new ServerError(422, "InvalidParameter", "unknown action \"" + action + "\"");
        };
    }

    private Json.Obj withChannel(Json.Obj json, String channel) {
        if (folder.channels().stream()
                .noneMatch(known -> known.string("name", "").equals(channel))) {
            throw new ServerError(422, "InvalidParameter", "no such channel: \"" + channel + "\"");
        }
        List<String> all = new ArrayList<>(json.array("channels").strings());
        if (!all.contains(channel)) {
            all.add(channel);
        }
        return json.with("channels", Json.Arr.ofStrings(all));
    }

    private Json.Obj change(UUID uuid, java.util.function.UnaryOperator<Json.Obj> change) {
        changing.lock();
        try {
            Manifest manifest =
                    Manifest.of(change.apply(require(uuid).manifest().json()));
            return folder.put(manifest).manifest().json();
        } finally {
            changing.unlock();
        }
    }

    void delete(UUID uuid) throws IOException {
        requireAllowed();
        folder.delete(require(uuid));
    }
}
