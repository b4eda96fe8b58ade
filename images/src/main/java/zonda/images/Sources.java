package zonda.images;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import zonda.base.Json;
import zonda.base.StateFile;

/** The configured sources, {@code imgadm sources}: in {@code imgadm.conf}. Any thread may call it. */
public final class Sources {
    static final Source DEFAULT = new Source("https://images.smartos.org", Source.Type.IMGAPI, false);

    /** What {@code --add-docker-hub} adds. */
    public static final Source DOCKER_HUB = new Source("https://docker.io", Source.Type.DOCKER, false);

    private final ImgadmPaths paths;
    private final Ping check;
    private final ReentrantLock lock = new ReentrantLock();

    /** Asks a source whether it is one. @throws ImageException SOURCE_PING */
    @FunctionalInterface
    interface Ping {
        void ping(Source source);
    }

    Sources(ImgadmPaths paths, Ping check) {
        this.paths = paths;
        this.check = check;
    }

    /** In the order they are asked. */
    public List<Source> list() {
        Json.Obj config = config();
        if (!config.has("sources")) {
            return List.of(DEFAULT);
        }
        return config.array("sources").objects().stream().map(Source::of).toList();
    }

    /**
     * Adds a source at the end.
     *
     * @param force don't ask whether it is one
     * @return what imgadm prints
     * @throws ImageException SOURCE_PING
     */
    public String add(Source source, boolean force) {
        Optional<Source> known = find(source.url());
        if (known.isPresent() && known.get().type() == source.type()) {
            return "Already have \"" + source.type().word() + "\" image source \"" + source.shown() + "\", no change";
        }
        if (!force) {
            check.ping(source);
        }
        change(sources -> {
            sources.removeIf(other -> other.url().equals(source.url()));
            sources.add(source);
        });
        return "Added \"" + source.type().word() + "\" image source \"" + source.shown() + "\"";
    }

    /** @return what imgadm prints */
    public String delete(String url) {
        Optional<Source> known = find(url);
        if (known.isEmpty()) {
            return "Do not have image source \"" + url + "\", no change";
        }
        change(sources -> sources.remove(known.get()));
        return "Deleted \"" + known.get().type().word() + "\" image source \""
                + known.get().shown() + "\"";
    }

    /** Replaces all, as {@code imgadm sources -e} does. */
    public void replace(List<Source> wanted) {
        change(sources -> {
            sources.clear();
            sources.addAll(wanted);
        });
    }

    /** A file with all of them for an operator to change, which nobody but root reads; the caller deletes it. */
    public Path draft() {
        try {
            Files.createDirectories(paths.records());
            Path file = Files.createTempFile(paths.records(), "sources-", ".draft");
            Files.writeString(
                    file, Json.Arr.of(list().stream().map(Source::json)).pretty() + "\n");
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException("write a draft to " + paths.records() + ": " + e, e);
        }
    }

    /**
     * Replaces all by what an operator wrote in the form of {@link Source#json}.
     *
     * @param force don't ask whether new ones are sources
     * @return what imgadm prints
     * @throws ImageException CONFIG_ERROR saying what is wrong with it, SOURCE_PING; nothing is changed then
     */
    public String edited(String text, boolean force) {
        List<Source> wanted = parse(text);
        List<Source> before = list();
        if (wanted.equals(before)) {
            return "Image sources are unchanged";
        }
        if (!force) {
            wanted.stream().filter(source -> !before.contains(source)).forEach(check::ping);
        }
        replace(wanted);
        return "Saved " + wanted.size() + " image source" + (wanted.size() == 1 ? "" : "s");
    }

    private static List<Source> parse(String text) {
        try {
            if (!(Json.parse(text) instanceof Json.Arr array)
                    || array.objects().size() != array.items().size()) {
                throw wrong("want an array of objects, each with url and type");
            }
            List<Source> sources = array.objects().stream().map(Source::of).toList();
            if (sources.stream().map(Source::url).distinct().count() < sources.size()) {
                throw wrong("a url is there twice");
            }
            return sources;
        } catch (Json.JsonSyntaxException | ImageException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    private static ImageException wrong(String what) {
        return new ImageException(
                ImageError.CONFIG_ERROR,
                what.startsWith("sources: ") ? what : "sources: " + what + "; they are as they were");
    }

    /** Asks all of them. @return a line for each: {@code URL: ok}, or what is wrong with it */
    public List<String> check() {
        return list().stream().map(this::check).toList();
    }

    private String check(Source source) {
        try {
            check.ping(source);
            return source.shown() + ": ok";
        } catch (ImageException e) {
            return source.shown() + ": " + e.getMessage();
        }
    }

    private Optional<Source> find(String url) {
        String plain = url.replaceAll("/+$", "");
        return list().stream()
                .filter(source -> source.url().equals(plain) || source.shown().equals(plain))
                .findFirst();
    }

    private interface Change {
        void apply(List<Source> sources);
    }

    private void change(Change change) {
        lock.lock();
        try {
            var sources = new ArrayList<>(list());
            change.apply(sources);
            Files.createDirectories(paths.records());
            StateFile.replace(
                    paths.config(),
                    config().with("sources", Json.Arr.of(sources.stream().map(Source::json))));
        } catch (IOException e) {
            throw new UncheckedIOException("create " + paths.records() + ": " + e, e);
        } finally {
            lock.unlock();
        }
    }

    private Json.Obj config() {
        try {
            return StateFile.readObject(paths.config()).orElse(Json.Obj.EMPTY);
        } catch (UncheckedIOException e) {
            throw new ImageException(ImageError.CONFIG_ERROR, String.valueOf(e.getMessage()), e);
        }
    }
}
