package zonda.images;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.images.oci.ImageSource;
import zonda.images.oci.OciImage;

/** The manifest that an OCI image gets, as imgadm(8) makes it for images of docker sources. */
final class DockerManifest {
    private static final int TAGS_LIMIT = 100_000;

    private DockerManifest() {}

    /**
     * By its layers, so that it is the same on every host, and that of SmartOS.
     *
     * <p>Two images with the same layers can differ in their configuration. Where such a one is installed already, the
     * digest of the configuration counts too: {@link #otherUuid}.
     */
    static UUID uuid(OciImage image) {
        return ofDigests(image.layers().stream().map(layer -> layer.digest().toString()));
    }

    static UUID otherUuid(OciImage image) {
        return ofDigests(Stream.concat(
                image.layers().stream().map(layer -> layer.digest().toString()),
                Stream.of(image.configDigest().toString())));
    }

    /** The first 32 hex digits of the sha256 of the digests with blanks between them. */
    static UUID ofDigests(Stream<String> digests) {
        try {
            byte[] sum = MessageDigest.getInstance("SHA-256")
                    .digest(digests.collect(Collectors.joining(" ")).getBytes(StandardCharsets.UTF_8));
            String hex = HexFormat.of().formatHex(sum, 0, 16);
            return UUID.fromString(hex.replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5"));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("no SHA-256 in this JDK", e);
        }
    }

    /** @param today for an image that doesn't say when it was made */
    static Manifest of(UUID uuid, OciImage image, List<ImageSource.Name> names, Instant today) {
        Json.Obj configuration = image.configuration();
        Json.Obj tags = Json.object();
        Optional<String> repository = names.stream()
                .map(ImageSource.Name::repository)
                .filter(name -> !name.isEmpty())
                .findFirst();
        tags = tags.with("docker:repo", repository)
                .with("docker:id", image.configDigest().toString())
                .with("docker:architecture", configuration.string("architecture"));
        for (ImageSource.Name name : names) {
            if (name.tag().isPresent()) {
                tags = tags.with("docker:tag:" + name.tag().get(), true);
            }
        }
        tags = tags.with("docker:config", small(configuration.object("config")));
        return Manifest.of(Json.object()
                .with("v", 2)
                .with("uuid", uuid.toString())
                .with("owner", Manifest.UNSET_OWNER)
                .with("name", "docker-layer")
                .with("version", uuid.toString().replace("-", "").substring(0, 12))
                .with("state", "active")
                .with("disabled", false)
                .with("public", true)
                .with(
                        "published_at",
                        created(configuration.string("created")).orElse(today).toString())
                .with("type", "docker")
                .with("os", "linux")
                .with("tags", tags));
    }

    /** Labels may be of any length and change nothing for the zone: they go when they don't fit into tags. */
    private static Json.Obj small(Json.Obj config) {
        boolean fits = config.compact().getBytes(StandardCharsets.UTF_8).length < TAGS_LIMIT;
        return fits ? config : config.without("Labels").without("OnBuild");
    }

    private static Optional<Instant> created(Optional<String> text) {
        try {
            return text.map(time -> OffsetDateTime.parse(time).toInstant().truncatedTo(ChronoUnit.MILLIS))
                    .filter(time -> time.getEpochSecond() >= 0);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
