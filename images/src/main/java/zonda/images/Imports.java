package zonda.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.images.oci.LocalSource;
import zonda.images.oci.OciException;
import zonda.images.oci.Platform;
import zonda.images.oci.Reference;
import zonda.images.tar.Compression;
import zonda.images.tar.NotTarException;
import zonda.images.tar.TreeUnpacker;

/** Brings images into the pool from elsewhere: {@code imgadm import} and {@code install}. Any thread may call it. */
public final class Imports {
    private static final Duration DOWNLOADS_KEPT = Duration.ofDays(7);
    private static final List<String> LOCAL = List.of("oci:", "oci-archive:", "docker-archive:");

    private final Images.Setup setup;
    private final Installation installation;
    private final Offers offers;
    private final DockerImports docker;

    Imports(Images.Setup setup, Records records, Installation installation, Offers offers) {
        this.setup = setup;
        this.installation = installation;
        this.offers = offers;
        this.docker = new DockerImports(setup, records, installation);
    }

    /**
     * What to import.
     *
     * @param image a UUID; or the name of an OCI image, {@code [host[:port]/]repository[:tag][@digest]}; or {@code
     *     oci:DIRECTORY[:TAG]}, {@code oci-archive:FILE[:TAG]}, {@code docker-archive:FILE[:NAME]}
     * @param only the sources of {@code -S}; when empty, the configured ones
     * @param dockerConfig the text of a {@code ~/.docker/config.json}, for the credentials in it
     */
    public record Request(String image, List<Source> only, Json.Obj dockerConfig) {
        public Request {
            only = List.copyOf(only);
        }

        public static Request of(String image) {
            return new Request(image, List.of(), Json.Obj.EMPTY);
        }
    }

    /**
     * How it went.
     *
     * @param isNew false when it was installed already
     */
    public record Outcome(InstalledImage image, boolean isNew) {}

    /**
     * Imports an image; what imgadm prints is told to the progress.
     *
     * @throws ImageException ACTIVE_IMAGE_NOT_FOUND, NOT_SUPPORTED, DOWNLOAD_ERROR, INVALID_DOCKER_INFO,
     *     UNCOMPRESSION_ERROR, FILE_SYSTEM
     */
    public Outcome run(Request request, Progress progress) {
        String image = request.image();
        List<Source> sources = request.only().isEmpty() ? offers.configured() : request.only();
        makeDownloads();
        if (ManifestRules.isUuid(image)) {
            return fromImgapi(UUID.fromString(image), sources, progress);
        }
        Optional<String> kind = LOCAL.stream().filter(image::startsWith).findFirst();
        try {
            if (kind.isPresent()) {
                return docker.local(localRequest(image.substring(kind.get().length())), progress);
            }
            return docker.remote(
                    Reference.parse(image), new DockerImports.From(sources, request.dockerConfig()), progress);
        } catch (OciException e) {
            throw new ImageException(ImageError.INVALID_DOCKER_INFO, "import " + image + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ImageException(ImageError.DOWNLOAD_ERROR, "import " + image + ": " + e.getMessage(), e);
        }
    }

    private LocalSource.Request localRequest(String text) {
        int colon = text.indexOf(':');
        Path path = Path.of(colon < 0 ? text : text.substring(0, colon));
        if (!Files.exists(path)) {
            throw new ImageException(ImageError.FILE_SYSTEM, "no such file: " + path);
        }
        return new LocalSource.Request(
                path,
                colon < 0 ? Optional.empty() : Optional.of(text.substring(colon + 1)),
                Platform.ofHost(),
                setup.paths().downloads());
    }

    private Outcome fromImgapi(UUID uuid, List<Source> sources, Progress progress) {
        Optional<InstalledImage> known = installation.find(uuid);
        if (known.isPresent()) {
            return skipped(known.get(), progress);
        }
        ListedImage offer = offers.find(uuid, sources);
        Manifest manifest = offer.manifest();
        Source source = source(offer, sources);
        progress.say("Importing " + manifest.title() + " from \"" + source.shown() + "\"");
        Support.check(manifest);
        progress.say("Gather image " + uuid + " ancestry");
        List<ListedImage> chain = ancestry(offer, sources);
        progress.say("Must download and install " + chain.size() + (chain.size() == 1 ? " image (" : " images (")
                + total(chain).map(Bytes::human).orElse("unknown size") + ")");
        Outcome outcome = null;
        for (ListedImage next : chain) {
            outcome = fromImgapi(next.manifest(), source(next, sources), progress);
        }
        return Objects.requireNonNull(outcome);
    }

    /** The image and those it is incremental to as far as they aren't installed: the oldest first. */
    private List<ListedImage> ancestry(ListedImage image, List<Source> sources) {
        Deque<ListedImage> chain = new ArrayDeque<>(List.of(image));
        Set<UUID> seen = new HashSet<>(Set.of(image.manifest().uuid()));
        Optional<UUID> origin = image.manifest().origin();
        while (origin.isPresent() && installation.find(origin.get()).isEmpty()) {
            if (!seen.add(origin.get())) {
                throw new ImageException(
                        ImageError.ORIGIN_NOT_FOUND_IN_SOURCE,
                        "image " + image.manifest().uuid() + " is its own origin, by " + seen.size() + " steps");
            }
            ListedImage next = origin(origin.get(), sources);
            Support.check(next.manifest());
            chain.push(next);
            origin = next.manifest().origin();
        }
        return List.copyOf(chain);
    }

    private ListedImage origin(UUID uuid, List<Source> sources) {
        try {
            return offers.find(uuid, sources);
        } catch (ImageException e) {
            if (e.error() != ImageError.ACTIVE_IMAGE_NOT_FOUND) {
                throw e;
            }
            throw new ImageException(
                    ImageError.ORIGIN_NOT_FOUND_IN_SOURCE,
                    "origin image \"" + uuid + "\" was not found in any source",
                    e);
        }
    }

    private static Optional<Bytes> total(List<ListedImage> images) {
        if (images.stream().anyMatch(image -> image.size().isEmpty())) {
            return Optional.empty();
        }
        return Optional.of(Bytes.of(images.stream()
                .mapToLong(image -> image.size().orElseThrow().value())
                .sum()));
    }

    private static Source source(ListedImage offer, List<Source> sources) {
        return sources.stream()
                .filter(candidate -> offer.source().equals(Optional.of(candidate.shown())))
                .findFirst()
                .orElseThrow(() -> new AssertionError(offer));
    }

    private Outcome fromImgapi(Manifest manifest, Source source, Progress progress) {
        UUID uuid = manifest.uuid();
        Path file = setup.paths().downloads().resolve(uuid + ".file");
        var image = new InstalledImage(manifest, setup.store().pool(), Optional.of(source.shown()));
        boolean isNew = installation.installDataset(image, dataset -> {
            download(manifest, source, file, progress);
            progress.say("Downloaded image " + uuid + " ("
                    + Bytes.of(Files.size(file)).human() + ")");
            try (InputStream in = Files.newInputStream(file)) {
                unpack(in, manifest, dataset, progress);
            }
        });
        delete(file);
        return isNew ? imported(image, progress) : skipped(image, progress);
    }

    private void download(Manifest manifest, Source source, Path file, Progress progress) {
        try (var imgapi = new Imgapi(setup.web(source.insecure()), source);
                var step = progress.begin(
                        "Download image " + manifest.uuid(),
                        manifest.file().size().orElse(0L))) {
            imgapi.file(manifest, file, step::advance);
        } catch (IOException e) {
            throw new ImageException(
                    ImageError.DOWNLOAD_ERROR, "import " + manifest.title() + ": " + e.getMessage(), e);
        }
    }

    static Outcome imported(InstalledImage image, Progress progress) {
        progress.say("Imported image " + image.manifest().title());
        return new Outcome(image, true);
    }

    static Outcome skipped(InstalledImage image, Progress progress) {
        progress.say("Image " + image.manifest().title() + " is already installed, skipping");
        return new Outcome(image, false);
    }

    /**
     * {@code imgadm install}: a root filesystem as a tar archive, or an image as a ZFS stream; plain or compressed with
     * gzip, xz, zstd or bzip2.
     *
     * @param file read to its end, and closed
     * @throws ImageException NOT_SUPPORTED, UNCOMPRESSION_ERROR also when size or sha1 aren't the manifest's, FILE_SYSTEM,
     *     ORIGIN_NOT_INSTALLED
     */
    public Outcome install(Manifest manifest, InputStream file, Progress progress) {
        Support.check(manifest);
        var image = new InstalledImage(manifest, setup.store().pool(), Optional.empty());
        Optional<InstalledImage> known = installation.find(image.uuid());
        if (known.isPresent()) {
            return skipped(known.get(), progress);
        }
        progress.say("Installing image " + manifest.title());
        boolean isNew = installation.installDataset(image, dataset -> unpack(file, manifest, dataset, progress));
        if (!isNew) {
            return skipped(image, progress);
        }
        progress.say("Installed image " + manifest.title());
        return new Outcome(image, true);
    }

    private void unpack(InputStream file, Manifest manifest, Path dataset, Progress progress) throws IOException {
        try (var step = progress.begin(
                        "Unpack image " + manifest.uuid(),
                        manifest.file().size().orElse(0L));
                var summed = new SummedInput(file, step::advance);
                var content = new PushbackInputStream(Compression.open(summed), StreamImages.MARK)) {
            byte[] first = content.readNBytes(StreamImages.MARK);
            content.unread(first);
            if (StreamImages.isStream(first)) {
                List<String> left = OciUnpacking.onPlatformThread(() -> receive(content, manifest, dataset));
                left.forEach(line -> progress.say("Image " + manifest.uuid() + ": " + line));
            } else {
                archive(content, manifest, dataset);
            }
            summed.check(manifest.file());
        }
    }

    private List<String> receive(InputStream content, Manifest manifest, Path dataset) {
        Optional<ImageStore.DiskStreams> disks = setup.store().diskStreams(manifest);
        if (disks.isEmpty()) {
            return StreamImages.receive(content, manifest, dataset);
        }
        StreamImages.receiveDevice(content, manifest, disks.get());
        return List.of();
    }

    private static void archive(InputStream content, Manifest manifest, Path dataset) throws IOException {
        if (manifest.isDisk() || manifest.origin().isPresent()) {
            throw new NotTarException("the file isn't a ZFS stream, as an image with an origin or of the type zvol is");
        }
        try (TreeUnpacker unpacker = TreeUnpacker.into(Files.createDirectory(dataset.resolve("root")))) {
            OciUnpacking.onPlatformThread(() -> {
                unpacker.plainArchive(content, _ -> {});
                return unpacker.finish();
            });
        }
    }

    private void makeDownloads() {
        try {
            Files.createDirectories(setup.paths().downloads());
        } catch (IOException e) {
            throw new ImageException(
                    ImageError.FILE_SYSTEM, "create " + setup.paths().downloads() + ": " + e, e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, "delete " + file + ": " + e, e);
        }
    }

    /** Downloads that nobody went on with for a week. */
    void dropOldDownloads() {
        Instant limit = setup.clock().instant().minus(DOWNLOADS_KEPT);
        try (Stream<Path> files = Files.list(setup.paths().downloads())) {
            for (Path file : files.toList()) {
                if (Files.getLastModifiedTime(file).toInstant().isBefore(limit)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (NoSuchFileException e) {
            // nothing was ever downloaded, or someone else deleted it
        } catch (IOException e) {
            throw new ImageException(
                    ImageError.FILE_SYSTEM, "clean " + setup.paths().downloads() + ": " + e, e);
        }
    }
}
