package zonda.images;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.images.oci.Descriptor;
import zonda.images.oci.ImageSource;
import zonda.images.oci.LocalSource;
import zonda.images.oci.OciImage;
import zonda.images.oci.Reference;
import zonda.images.web.WebException;

/** Imports OCI images, from registries and from files. Any thread may call it. */
final class DockerImports {
    private final Images.Setup setup;
    private final Records records;
    private final Installation installation;

    DockerImports(Images.Setup setup, Records records, Installation installation) {
        this.setup = setup;
        this.records = records;
        this.installation = installation;
    }

    /** Where a name may be looked for. */
    record From(List<Source> sources, Json.Obj dockerConfig) {}

    Imports.Outcome local(LocalSource.Request request, Progress progress) throws IOException {
        try (LocalSource source = LocalSource.open(request)) {
            return bring(source, source.image(), Optional.empty(), progress);
        }
    }

    /**
     * A name with a host is looked for there. One without is looked for at the docker sources, in their order; without
     * any, at Docker Hub.
     */
    Imports.Outcome remote(Reference reference, From from, Progress progress) throws IOException {
        List<IOException> failures = new ArrayList<>();
        for (Place place : places(reference, from.sources())) {
            try (ImageSource source = Offers.registry(setup, place.reference(), place.source(), from.dockerConfig())) {
                Optional<OciImage> image = image(source, failures);
                if (image.isPresent()) {
                    return bring(
                            source, image.get(), Optional.of(place.reference().toString()), progress);
                }
            }
        }
        for (IOException failure : failures) {
            if (!Imgapi.isMissing(failure)) {
                throw failure;
            }
        }
        throw new ImageException(
                ImageError.ACTIVE_IMAGE_NOT_FOUND,
                "an active image \"" + reference + "\" was not found: "
                        + failures.getFirst().getMessage());
    }

    private static Optional<OciImage> image(ImageSource source, List<IOException> failures) {
        try {
            return Optional.of(source.image());
        } catch (WebException e) {
            boolean needsLogin = e.status() == 401 || e.status() == 403;
            failures.add(needsLogin ? new IOException(e.getMessage() + " (no such image, or it wants a login)", e) : e);
        } catch (IOException e) {
            failures.add(e);
        }
        return Optional.empty();
    }

    private record Place(Reference reference, Optional<Source> source) {}

    private static List<Place> places(Reference reference, List<Source> sources) {
        List<Source> docker = sources.stream()
                .filter(source -> source.type() == Source.Type.DOCKER)
                .toList();
        if (!reference.isDockerHub()) {
            Optional<Source> known = docker.stream()
                    .filter(source -> source.host().equals(reference.host()))
                    .findFirst();
            return List.of(new Place(reference, known));
        }
        if (docker.isEmpty()) {
            return List.of(new Place(reference, Optional.empty()));
        }
        return docker.stream()
                .map(source -> new Place(reference.at(source.host()), Optional.of(source)))
                .toList();
    }

    private Imports.Outcome bring(ImageSource source, OciImage image, Optional<String> reference, Progress progress)
            throws IOException {
        UUID uuid = uuid(image);
        Manifest manifest =
                DockerManifest.of(uuid, image, source.names(), setup.clock().instant());
        var installed = new InstalledImage(manifest, setup.store().pool(), Optional.of(source.location()));
        String title = uuid + " (" + reference.orElse(manifest.name() + "@" + manifest.version()) + ")";
        progress.say("Importing " + title + " from \"" + source.location() + "\"");
        var unpacking =
                new OciUnpacking(source, image, setup.paths().downloads().resolve(uuid.toString()));
        boolean isNew = installation.install(installed, root -> {
            progress.say("Must download and install 1 image ("
                    + Bytes.of(image.size()).human() + ")");
            unpacking.into(root, progress);
        });
        for (Descriptor layer : image.layers()) {
            Files.deleteIfExists(unpacking.file(layer));
        }
        moveTags(manifest);
        if (!isNew) {
            progress.say("Image " + title + " is already installed, skipping");
            return new Imports.Outcome(installation.find(uuid).orElse(installed), false);
        }
        progress.say("Imported image " + title);
        return new Imports.Outcome(installed, true);
    }

    /** That of the layers, unless an image with the same layers and another configuration has it. */
    private UUID uuid(OciImage image) {
        UUID other = DockerManifest.otherUuid(image);
        UUID first = DockerManifest.uuid(image);
        boolean isTaken = installation
                .find(first)
                .map(known -> !known.manifest()
                        .tags()
                        .string("docker:id", "")
                        .equals(image.configDigest().toString()))
                .orElse(false);
        return isTaken || installation.find(other).isPresent() ? other : first;
    }

    /** A tag names one image of its repository: the one that was imported by it last. */
    private void moveTags(Manifest latest) {
        Optional<String> repository = latest.tags().string("docker:repo");
        List<String> tags = latest.tags().members().keySet().stream()
                .filter(name -> name.startsWith("docker:tag:"))
                .toList();
        if (repository.isEmpty() || tags.isEmpty()) {
            return;
        }
        for (InstalledImage image : records.all()) {
            if (image.manifest().tags().string("docker:repo").equals(repository)) {
                boolean isLatest = image.uuid().equals(latest.uuid());
                installation.change(image.uuid(), known -> retagged(known, tags, isLatest));
            }
        }
    }

    private static InstalledImage retagged(InstalledImage image, List<String> tags, boolean hasThem) {
        Json.Obj changed = image.manifest().tags();
        for (String tag : tags) {
            changed = hasThem ? changed.with(tag, true) : changed.without(tag);
        }
        Manifest manifest = Manifest.of(image.manifest().json().with("tags", changed));
        return new InstalledImage(manifest, image.zpool(), image.source());
    }
}
