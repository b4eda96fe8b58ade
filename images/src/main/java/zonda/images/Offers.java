package zonda.images;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import zonda.base.Json;
import zonda.images.oci.Credentials;
import zonda.images.oci.Platform;
import zonda.images.oci.Reference;
import zonda.images.oci.Registry;

/** What the sources offer: {@code imgadm avail} and {@code show}. Any thread may call it. */
public final class Offers {
    private final Images.Setup setup;
    private final Sources sources;

    Offers(Images.Setup setup, Sources sources) {
        this.setup = setup;
        this.sources = sources;
    }

    /**
     * What was found.
     *
     * @param problems a line for each source that couldn't be asked, and each manifest that isn't valid
     */
    public record Available(List<ListedImage> images, List<String> problems) {
        public Available {
            images = List.copyOf(images);
            problems = List.copyOf(problems);
        }
    }

    /**
     * All active images of all sources that can list theirs, which registries can't. A source that doesn't answer doesn't
     * hide the others.
     *
     * @throws ImageException NO_SOURCES, CLIENT_ERROR when no source could be asked
     */
    public Available all() {
        List<Source> asked = listable(sources.list());
        Map<UUID, ListedImage> images = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        int failed = 0;
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Available>> answers = asked.stream()
                    .map(source -> threads.submit(() -> ask(source)))
                    .toList();
            for (int i = 0; i < answers.size(); i++) {
                try {
                    Available answer = answers.get(i).get();
                    answer.images()
                            .forEach(
                                    image -> images.putIfAbsent(image.manifest().uuid(), image));
                    problems.addAll(answer.problems());
                } catch (ExecutionException e) {
                    failed++;
                    problems.add(reason(asked.get(i), e.getCause()));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new ImageException(ImageError.CLIENT_ERROR, "interrupted", e);
                }
            }
        }
        if (failed == asked.size()) {
            throw new ImageException(ImageError.CLIENT_ERROR, String.join("; ", problems));
        }
        return new Available(List.copyOf(images.values()), problems);
    }

    private static String reason(Source source, @Nullable Throwable reason) {
        return source.shown() + ": " + (reason == null ? "failed" : reason.getMessage());
    }

    private Available ask(Source source) throws IOException {
        try (var imgapi = new Imgapi(setup.web(source.insecure()), source)) {
            List<String> skipped = new ArrayList<>();
            List<ListedImage> found = imgapi.list(skipped).stream()
                    .map(manifest -> ListedImage.available(manifest, source))
                    .toList();
            return new Available(found, skipped);
        }
    }

    private static List<Source> listable(List<Source> all) {
        List<Source> listable = all.stream()
                .filter(source -> source.type() != Source.Type.DOCKER)
                .toList();
        if (listable.isEmpty()) {
            throw new ImageException(ImageError.NO_SOURCES, "imgadm has no configured sources");
        }
        return listable;
    }

    /**
     * {@code imgadm show}: an image's manifest at the first source that has it.
     *
     * @throws ImageException ACTIVE_IMAGE_NOT_FOUND, CLIENT_ERROR
     */
    public ListedImage show(UUID uuid) {
        return find(uuid, sources.list());
    }

    /** {@link #show} among these sources only. */
    ListedImage find(UUID uuid, List<Source> candidates) {
        List<String> problems = new ArrayList<>();
        for (Source source : listable(candidates)) {
            try (var imgapi = new Imgapi(setup.web(source.insecure()), source)) {
                Optional<Manifest> found = imgapi.find(uuid);
                if (found.isPresent()) {
                    return ListedImage.available(found.get(), source);
                }
            } catch (IOException e) {
                problems.add(reason(source, e));
            }
        }
        if (!problems.isEmpty()) {
            throw new ImageException(ImageError.CLIENT_ERROR, String.join("; ", problems));
        }
        throw new ImageException(ImageError.ACTIVE_IMAGE_NOT_FOUND, "an active image \"" + uuid + "\" was not found");
    }

    List<Source> configured() {
        return sources.list();
    }

    /** Asks a source whether it is one. @throws ImageException SOURCE_PING */
    static void ping(Images.Setup setup, Source source) {
        try {
            if (source.type() == Source.Type.DOCKER) {
                try (Registry registry = registry(
                        setup, Reference.parse(source.host() + "/ping"), Optional.of(source), Json.Obj.EMPTY)) {
                    registry.ping();
                }
            } else {
                try (var imgapi = new Imgapi(setup.web(source.insecure()), source)) {
                    imgapi.ping();
                }
            }
        } catch (IOException | Json.JsonSyntaxException e) {
            throw new ImageException(
                    ImageError.SOURCE_PING,
                    "unexpected ping error with image source \"" + source.shown() + "\" ("
                            + source.type().word() + "): " + e.getMessage(),
                    e);
        }
    }

    /**
     * A registry's client. Credentials are those in the source's URL, else the ones for the host in a docker
     * configuration.
     */
    static Registry registry(Images.Setup setup, Reference reference, Optional<Source> source, Json.Obj dockerConfig) {
        boolean plain = source.map(known -> known.url().startsWith("http:")).orElse(reference.isLoopback());
        Optional<Credentials> credentials = source.flatMap(Source::userInfo)
                .flatMap(Credentials::parse)
                .or(() -> Credentials.find(dockerConfig, reference.host()));
        return new Registry(
                setup.web(source.map(Source::insecure).orElse(false)),
                reference,
                new Registry.Access(plain, credentials, Platform.ofHost()));
    }
}
