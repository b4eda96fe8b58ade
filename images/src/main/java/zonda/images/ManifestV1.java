package zonda.images;

import java.util.Set;
import zonda.base.Json;

/** Manifests of version 1, as dsapi sources serve them, made into version 2. */
final class ManifestV1 {
    private static final Set<String> DROPPED = Set.of(
            "cloud_name",
            "vendor_uuid",
            "creator_name",
            "creator_uuid",
            "restricted_to_uuid",
            "platform_type",
            "files",
            "imported_at",
            "created_at",
            "updated_at",
            "published_at",
            "v",
            "_url");

    private ManifestV1() {}

    static boolean isOne(Json.Obj json) {
        return json.integer("v", json.has("creator_uuid") || json.has("cloud_name") ? 1 : 2) == 1;
    }

    static Json.Obj upgrade(Json.Obj old) {
        Json.Obj upgraded = Json.object().with("v", 2);
        for (var member : old.members().entrySet()) {
            if (!DROPPED.contains(member.getKey())) {
                upgraded = upgraded.with(member.getKey(), member.getValue());
            }
        }
        upgraded = upgraded.with("owner", old.string("creator_uuid").or(() -> old.string("owner")))
                .with(
                        "published_at",
                        old.string("published_at")
                                .or(() -> old.string("created_at"))
                                .map(ManifestV1::utc));
        if (old.string("restricted_to_uuid").isPresent()) {
            upgraded = upgraded.with("public", false)
                    .with(
                            "acl",
                            Json.Arr.ofStrings(
                                    old.string("restricted_to_uuid").stream().toList()));
        }
        if (!old.array("files").items().isEmpty()) {
            upgraded = upgraded.with(
                    "files", Json.Arr.of(old.array("files").objects().stream().map(ManifestV1::file)));
        }
        return upgraded;
    }

    private static Json.Obj file(Json.Obj old) {
        Json.Obj file = old.without("url").without("path");
        return file.has("compression") ? file : file.with("compression", compression(old.string("path", "")));
    }

    private static String compression(String path) {
        if (path.endsWith(".gz")) {
            return "gzip";
        }
        return path.endsWith(".bz2") ? "bzip2" : "none";
    }

    private static String utc(String time) {
        return time.replaceFirst("\\+00:?00$", "Z");
    }
}
