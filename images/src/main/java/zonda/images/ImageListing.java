package zonda.images;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.Json;

/**
 * What the image server tells of its images. A folder with channels shows of each request's channel: that of the query,
 * else the default one; {@code *} is all of them.
 */
final class ImageListing {
    private static final Set<String> PLAIN = Set.of("os", "type", "owner", "uuid");
    private static final Set<String> SEARCHED = Set.of("name", "version");

    private final ImageFolder folder;

    ImageListing(ImageFolder folder) {
        this.folder = folder;
    }

    Json.Arr list(Map<String, String> query) {
        int limit = query.containsKey("limit") ? number(query.get("limit")) : Integer.MAX_VALUE;
        List<ImageFolder.Entry> fitting = folder.all().stream()
                .filter(entry -> fits(entry, query) && isIn(entry, query))
                .toList();
        Stream<ImageFolder.Entry> page = fitting.stream();
        String marker = query.get("marker");
        if (marker != null) {
            page = page.dropWhile(entry -> !entry.manifest().uuid().toString().equals(marker))
                    .skip(1);
        }
        return Json.Arr.of(page.limit(limit).map(entry -> entry.manifest().json()));
    }

    private static int number(String text) {
        if (!text.matches("[1-9][0-9]{0,8}")) {
            throw new ServerError(422, "InvalidParameter", "limit is not a number from 1 on: \"" + text + "\"");
        }
        return Integer.parseInt(text);
    }

    private static boolean fits(ImageFolder.Entry entry, Map<String, String> query) {
        Json.Obj json = entry.manifest().json();
        String state = query.getOrDefault("state", "active");
        if (!state.equals("all") && !state.equals(entry.state())) {
            return false;
        }
        return query.entrySet().stream().allMatch(wanted -> {
            String name = wanted.getKey();
            String value = wanted.getValue();
            if (SEARCHED.contains(name)) {
                String present = json.string(name, "");
                return value.startsWith("~") ? present.contains(value.substring(1)) : present.equals(value);
            }
            if (PLAIN.contains(name)) {
                return json.string(name, "").equals(value);
            }
            return !name.startsWith("tag.")
                    || tag(json, name.substring("tag.".length())).equals(Optional.of(value));
        });
    }

    private static Optional<String> tag(Json.Obj json, String name) {
        return json.object("tags")
                .get(name)
                .map(value -> value instanceof Json.Str(String text) ? text : value.compact());
    }

    private boolean isIn(ImageFolder.Entry entry, Map<String, String> query) {
        List<Json.Obj> channels = folder.channels();
        String asked = query.getOrDefault("channel", defaultOf(channels));
        if (channels.isEmpty() || asked.equals("*")) {
            return true;
        }
        if (channels.stream().noneMatch(channel -> channel.string("name", "").equals(asked))) {
            throw new ServerError(422, "ValidationFailed", "no such channel: \"" + asked + "\"");
        }
        return entry.manifest().json().array("channels").strings().contains(asked);
    }

    static String defaultOf(List<Json.Obj> channels) {
        return channels.stream()
                .filter(channel -> channel.bool("default", false))
                .findFirst()
                .or(() -> channels.stream().findFirst())
                .map(channel -> channel.string("name", "*"))
                .orElse("*");
    }

    /** @throws ServerError when there is none, or not in that channel */
    ImageFolder.Entry entry(UUID uuid, Map<String, String> query) {
        return folder.find(uuid)
                .filter(entry -> isIn(entry, query))
                .orElseThrow(() -> ServerError.notFound("image \"" + uuid + "\" not found"));
    }

    Json.Obj get(UUID uuid, Map<String, String> query) {
        return entry(uuid, query).manifest().json();
    }

    Json.Arr channels() {
        List<Json.Obj> channels = folder.channels();
        if (channels.isEmpty()) {
            throw ServerError.notFound("this server has no channels");
        }
        return Json.Arr.of(channels.stream());
    }
}
