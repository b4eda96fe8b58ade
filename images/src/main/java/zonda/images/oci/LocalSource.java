package zonda.images.oci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.images.tar.TarIndex;

/**
 * An image in a file or directory: an OCI layout (image-spec, "OCI Image Layout"), a tar archive of one, or what {@code
 * docker save} and {@code podman save} write.
 */
public final class LocalSource implements ImageSource {
    private static final int LIMIT = 4 << 20;
    private static final String REF_NAME = "org.opencontainers.image.ref.name";
    private static final String CONTAINERD_NAME = "io.containerd.image.name";
    private static final String DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";

    private final String location;
    private final Place place;
    private final Optional<String> wanted;
    private final Platform platform;
    private List<Name> names = List.of();

    /** Where the layers of a docker archive are in it. */
    private final Map<Digest, String> dockerLayers = new HashMap<>();

    private LocalSource(String location, Place place, Optional<String> wanted, Platform platform) {
        this.location = location;
        this.place = place;
        this.wanted = wanted;
        this.platform = platform;
    }

    /** Files by their names. */
    private interface Place extends AutoCloseable {
        boolean has(String name);

        long size(String name) throws IOException;

        InputStream open(String name) throws IOException;

        @Override
        void close() throws IOException;
    }

    /**
     * What to open.
     *
     * @param path of a layout's directory, or of an archive
     * @param wanted tag or name of the image, when it holds several
     * @param scratch directory for an archive that must be decompressed
     */
    public record Request(Path path, Optional<String> wanted, Platform platform, Path scratch) {}

    public static LocalSource open(Request request) throws IOException {
        boolean isDirectory = Files.isDirectory(request.path());
        String location = (isDirectory ? "oci:" : "archive:") + request.path();
        Place place =
                isDirectory ? inDirectory(request.path()) : inArchive(TarIndex.open(request.path(), request.scratch()));
        return new LocalSource(location, place, request.wanted(), request.platform());
    }

    private static Place inDirectory(Path directory) {
        return new Place() {
            @Override
            public boolean has(String name) {
                return !List.of(name.split("/")).contains("..")
                        && !name.startsWith("/")
                        && Files.isRegularFile(directory.resolve(name), LinkOption.NOFOLLOW_LINKS);
            }

            @Override
            public long size(String name) throws IOException {
                return Files.size(directory.resolve(name));
            }

            @Override
            public InputStream open(String name) throws IOException {
                if (!has(name)) {
                    throw new OciException("no file " + name + " in " + directory);
                }
                return Files.newInputStream(directory.resolve(name), LinkOption.NOFOLLOW_LINKS);
            }

            @Override
            public void close() {}
        };
    }

    private static Place inArchive(TarIndex archive) {
        return new Place() {
            @Override
            public boolean has(String name) {
                return archive.size(name).isPresent();
            }

            @Override
            public long size(String name) throws IOException {
                return archive.size(name).orElseThrow(() -> new OciException("no file " + name + " in the archive"));
            }

            @Override
            public InputStream open(String name) throws IOException {
                return archive.open(name);
            }

            @Override
            public void close() throws IOException {
                archive.close();
            }
        };
    }

    @Override
    public String location() {
        return location;
    }

    @Override
    public List<Name> names() {
        return names;
    }

    @Override
    public OciImage image() throws IOException {
        if (place.has("index.json")) {
            return fromLayout(OciImage.object(small("index.json"), "index"));
        }
        if (place.has("manifest.json")) {
            String text = "{\"images\":" + new String(small("manifest.json"), StandardCharsets.UTF_8) + "}";
            return fromDocker(OciImage.object(text.getBytes(StandardCharsets.UTF_8), "manifest"));
        }
        throw new OciException(location + " is neither an OCI layout nor an archive of docker save");
    }

    private OciImage fromLayout(Json.Obj index) throws IOException {
        List<Json.Obj> entries = index.array("manifests").objects();
        List<Json.Obj> chosen = wanted.isEmpty()
                ? entries
                : entries.stream()
                        .filter(entry -> nameParts(entry).anyMatch(wanted.get()::equals))
                        .toList();
        List<String> distinct =
                chosen.stream().map(LocalSource::refName).distinct().toList();
        if (chosen.isEmpty() || distinct.size() > 1) {
            throw ambiguous(entries.stream().map(LocalSource::refName).toList());
        }
        names = chosen.stream().findFirst().map(LocalSource::name).stream()
                .flatMap(Optional::stream)
                .toList();
        OciImage.Blobs blobs = descriptor -> {
            byte[] blob = small(blobName(descriptor.digest()));
            descriptor.digest().check(blob, "read " + descriptor.digest() + " of " + location);
            return blob;
        };
        Descriptor first = chosen.size() == 1
                ? Descriptor.of(chosen.getFirst())
                : platform.choose(index.with("manifests", Json.Arr.of(chosen.stream())));
        return OciImage.read(blobs.small(first), platform, blobs);
    }

    private static String refName(Json.Obj entry) {
        return entry.object("annotations").string(REF_NAME, "");
    }

    /** What an entry may be asked for by: its tag, its whole name. */
    private static Stream<String> nameParts(Json.Obj entry) {
        String tag = refName(entry);
        String full = entry.object("annotations").string(CONTAINERD_NAME, tag);
        return Stream.of(tag, full, tag.substring(tag.lastIndexOf(':') + 1));
    }

    private static Optional<Name> name(Json.Obj entry) {
        String text = entry.object("annotations").string(CONTAINERD_NAME, refName(entry));
        return text.isEmpty() ? Optional.empty() : Optional.of(parseName(text));
    }

    /** A layout's tag alone has no repository. */
    private static Name parseName(String text) {
        try {
            if (text.indexOf('/') < 0 && text.indexOf(':') < 0) {
                return new Name("", Optional.of(text));
            }
            Reference reference = Reference.parse(text);
            return new Name(reference.familiar(), reference.tag());
        } catch (OciException e) {
            return new Name("", Optional.empty());
        }
    }

    private OciImage fromDocker(Json.Obj manifest) throws IOException {
        List<Json.Obj> entries = manifest.array("images").objects();
        List<Json.Obj> chosen = wanted.isEmpty()
                ? entries
                : entries.stream()
                        .filter(entry ->
                                entry.array("RepoTags").strings().stream().anyMatch(this::isWanted))
                        .toList();
        if (chosen.size() != 1) {
            throw ambiguous(entries.stream()
                    .flatMap(entry -> entry.array("RepoTags").strings().stream())
                    .toList());
        }
        Json.Obj entry = chosen.getFirst();
        names = entry.array("RepoTags").strings().stream()
                .map(LocalSource::parseName)
                .toList();
        byte[] config = small(entry.string("Config", ""));
        Json.Obj configuration = OciImage.object(config, "configuration");
        platform.check(configuration);
        List<String> paths = entry.array("Layers").strings();
        List<String> diffIds = configuration.object("rootfs").array("diff_ids").strings();
        if (paths.isEmpty() || paths.size() != diffIds.size()) {
            throw new OciException("it has " + paths.size() + " layers, and its configuration names " + diffIds.size());
        }
        var layers = new ArrayList<Descriptor>();
        for (int i = 0; i < paths.size(); i++) {
            Digest digest = Digest.parse(diffIds.get(i));
            dockerLayers.put(digest, paths.get(i));
            layers.add(new Descriptor(DOCKER_LAYER, digest, place.size(paths.get(i))));
        }
        return new OciImage(Digest.of(config), Digest.of(config), configuration, layers);
    }

    private boolean isWanted(String repoTag) {
        return wanted.map(name -> {
                    Name parsed = parseName(repoTag);
                    String tag = parsed.tag().orElse("");
                    return name.equals(repoTag) || name.equals(tag) || name.equals(parsed.repository() + ":" + tag);
                })
                .orElse(true);
    }

    private OciException ambiguous(List<String> all) {
        String list = all.stream().filter(name -> !name.isEmpty()).collect(Collectors.joining(", "));
        return new OciException(
                location + (wanted.isPresent() ? " has no image " + wanted.get() : " has several images")
                        + ": name one of its " + all.size() + (list.isEmpty() ? "" : ": " + list));
    }

    @Override
    public Blob layer(Descriptor layer, Path file, LongConsumer progress) throws IOException {
        String name = dockerLayers.getOrDefault(layer.digest(), blobName(layer.digest()));
        String sum = sum(name, progress);
        // Newer docker saves compressed layers, in files that are called by their own digests.
        if (!sum.equals(layer.digest().hex()) && !name.equals("blobs/sha256/" + sum)) {
            throw new OciException("layer " + name + " of " + location + ": its digest is sha256:" + sum + ", expected "
                    + layer.digest());
        }
        return () -> place.open(name);
    }

    private String sum(String name, LongConsumer progress) throws IOException {
        var digest = Digest.sha256();
        byte[] buffer = new byte[256 * 1024];
        try (InputStream in = place.open(name)) {
            for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
                digest.update(buffer, 0, got);
                progress.accept(got);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static String blobName(Digest digest) {
        return "blobs/sha256/" + digest.hex();
    }

    private byte[] small(String name) throws IOException {
        try (InputStream in = place.open(name)) {
            byte[] bytes = in.readNBytes(LIMIT + 1);
            if (bytes.length > LIMIT) {
                throw new OciException(name + " of " + location + " has more than " + LIMIT + " bytes");
            }
            return bytes;
        }
    }

    @Override
    public void close() throws IOException {
        place.close();
    }
}
