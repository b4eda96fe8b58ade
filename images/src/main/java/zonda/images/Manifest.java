package zonda.images;

import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Json;

/**
 * What an image says of itself: a valid manifest of version 2. Its JSON is kept as it came, so that what is printed is
 * what the publisher wrote.
 */
public record Manifest(Json.Obj json) {
    /** Of images without an owner: everybody's. */
    static final String UNSET_OWNER = "00000000-0000-0000-0000-000000000000";

    /**
     * What is known of an image's file.
     *
     * @param digest sha256: and 64 hex digits
     */
    public record FileFacts(Optional<String> sha1, Optional<Long> size, Optional<String> digest) {}

    /** @throws ImageException MANIFEST_VALIDATION listing all that is wrong */
    public Manifest {
        List<String> problems = ManifestRules.problems(json);
        if (!problems.isEmpty()) {
            throw new ImageException(
                    ImageError.MANIFEST_VALIDATION, "invalid manifest: " + String.join(", ", problems));
        }
    }

    /**
     * Reads a manifest of version 2, or of version 1, which is converted.
     *
     * @throws ImageException INVALID_MANIFEST when it isn't JSON, MANIFEST_VALIDATION
     */
    public static Manifest parse(String text) {
        try {
            return of(Json.parseObject(text));
        } catch (Json.JsonSyntaxException e) {
            throw new ImageException(ImageError.INVALID_MANIFEST, "manifest is invalid: " + e.getMessage(), e);
        }
    }

    /** @throws ImageException MANIFEST_VALIDATION */
    public static Manifest of(Json.Obj json) {
        return new Manifest(ManifestV1.isOne(json) ? ManifestV1.upgrade(json) : json);
    }

    public UUID uuid() {
        return UUID.fromString(json.string("uuid", ""));
    }

    public String name() {
        return json.string("name", "");
    }

    public String version() {
        return json.string("version", "");
    }

    public String type() {
        return json.string("type", "");
    }

    public String os() {
        return json.string("os", "");
    }

    public Optional<UUID> origin() {
        return json.string("origin").map(UUID::fromString);
    }

    public Optional<Instant> publishedAt() {
        try {
            return json.string("published_at").map(Instant::parse);
        } catch (DateTimeParseException e) {
            return Optional.empty(); // has the form of a time, and is none, such as the 30th of February
        }
    }

    public Json.Obj tags() {
        return json.object("tags");
    }

    public FileFacts file() {
        Json.Obj file = json.array("files").objects().stream().findFirst().orElse(Json.Obj.EMPTY);
        return new FileFacts(file.string("sha1"), file.integer("size"), file.string("digest"));
    }

    /** The guid of the snapshot that the file holds, as a number without sign; for those that are ZFS streams. */
    public Optional<String> datasetGuid() {
        return json.array("files").objects().stream().findFirst().flatMap(file -> file.string("dataset_guid"));
    }

    /** Whether the image is a machine's disk, and not a tree of files. */
    boolean isDisk() {
        return type().equals("zvol");
    }

    /** {@code uuid (name@version)}, as imgadm's messages have it. */
    public String title() {
        return uuid() + " (" + name() + "@" + version() + ")";
    }

    /** What the image's OCI configuration says of how to run it; empty for an image of another kind. */
    public Optional<OciConfig> ociConfig() {
        return tags().get("docker:config")
                .flatMap(config ->
                        config instanceof Json.Obj object ? Optional.of(OciConfig.of(object)) : Optional.empty());
    }
}
