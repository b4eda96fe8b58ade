package zonda.storage;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.base.Bytes;

/** A pool's life in a few verbs, and what can be seen of the pool after each. */
final class VerbScript {
    private VerbScript() {}

    @FunctionalInterface
    interface Verb {
        void on(ScratchPool pool);
    }

    record Step(String name, Verb verb) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Step> steps() {
        return List.of(
                step(
                        "create an image",
                        pool -> pool.datasets()
                                .create(
                                        "tank/i-partial",
                                        DatasetOptions.DEFAULT.mode(0750).property("a:b", "c"))),
                step("fill it", pool -> write(pool, "i-partial/file", "of the image")),
                step("seal it", pool -> pool.datasets().snapshot("tank/i-partial", "final")),
                step("install it", pool -> pool.datasets().rename("tank/i-partial", "tank/i")),
                step(
                        "clone it",
                        pool -> pool.datasets()
                                .clone(
                                        "tank/i@final",
                                        "tank/vm",
                                        DatasetOptions.DEFAULT.mode(0700).quota(Bytes.ofMiB(64)))),
                step("create below", pool -> pool.datasets().create("tank/vm/data", DatasetOptions.DEFAULT)),
                step(
                        "reserve",
                        pool -> pool.datasets()
                                .setAllotment("tank/vm/data", old -> old.reservation(Optional.of(Bytes.ofMiB(8))))),
                step("set quota", pool -> pool.datasets().setQuota("tank/vm", Optional.of(Bytes.ofMiB(32)))),
                step("set property", pool -> pool.datasets().setProperty("tank/vm", "x:y", "z")),
                step("fill the clone", pool -> write(pool, "vm/file", "of the vm")),
                step("snapshot the clone", pool -> pool.datasets().snapshot("tank/vm", "s")),
                step("change the clone", pool -> write(pool, "vm/file", "changed")),
                step("roll back", pool -> pool.datasets().rollback("tank/vm@s", false)),
                step(
                        "create a parent",
                        pool -> pool.datasets().create("tank/p", DatasetOptions.DEFAULT.quota(Bytes.ofMiB(128)))),
                step("move below it", pool -> pool.datasets().rename("tank/vm", "tank/p/vm")),
                step("destroy a snapshot", pool -> pool.datasets().destroy("tank/p/vm@s", false)),
                step(
                        "snapshot all below",
                        pool -> pool.datasets()
                                .snapshots(List.of("tank/p@r", "tank/p/vm@r", "tank/p/vm/data@r"), Map.of("n:o", "p"))),
                step("hold", pool -> pool.datasets().hold("tag", List.of("tank/p@r", "tank/p/vm@r"))),
                step(
                        "rename the snapshots",
                        pool -> pool.datasets().renameSnapshots(List.of("tank/p/vm@r", "tank/p/vm/data@r"), "q")),
                step("bookmark", pool -> pool.datasets().bookmark("tank/p/vm@q", "tank/p/vm#b")),
                step("clone the clone", pool -> pool.datasets().clone("tank/p/vm@q", "tank/c", DatasetOptions.DEFAULT)),
                step(
                        "destroy later",
                        pool -> pool.datasets().destroy("tank/p/vm@q", new DestroyOptions(false, false, true))),
                step("promote", pool -> pool.datasets().promote("tank/c")),
                step("promote back", pool -> pool.datasets().promote("tank/p/vm")),
                step("release", pool -> pool.datasets().release("tag", List.of("tank/p@r", "tank/p/vm@q"))),
                step("destroy the clone", pool -> pool.datasets().destroy("tank/c", false)),
                step("destroy the bookmark", pool -> pool.datasets().destroy("tank/p/vm#b", DestroyOptions.ALONE)),
                step("snapshot once more", pool -> pool.datasets().snapshot("tank/p/vm", "x")),
                step("clone elsewhere", pool -> pool.datasets().clone("tank/p/vm@x", "tank/c", DatasetOptions.DEFAULT)),
                step(
                        "destroy with clones",
                        pool -> pool.datasets().destroy("tank/p/vm@x", new DestroyOptions(true, true, false))),
                step(
                        "create a volume",
                        pool -> pool.datasets()
                                .create(
                                        "tank/p/v",
                                        DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.ofMiB(1), 8192)))),
                step("snapshot the volume", pool -> pool.datasets().snapshot("tank/p/v", "s")),
                step("resize the volume", pool -> pool.datasets().setVolumeSize("tank/p/v", Bytes.ofMiB(3))),
                step(
                        "clone the volume",
                        pool -> pool.datasets().clone("tank/p/v@s", "tank/p/w", DatasetOptions.DEFAULT)),
                step("snapshot again", pool -> pool.datasets().snapshot("tank/p/vm/data", "t")),
                step("destroy all below", pool -> pool.datasets().destroy("tank/p", true)),
                step("destroy the image", pool -> pool.datasets().destroy("tank/i", true)));
    }

    /** Snapshots that come as streams. */
    static List<Step> receives() {
        return List.of(
                step("create", pool -> pool.datasets().create("tank/i", DatasetOptions.DEFAULT.property("a:b", "c"))),
                step("fill", pool -> write(pool, "i/file", "of the image")),
                step("seal", pool -> pool.datasets().snapshot("tank/i", "final")),
                step(
                        "create a volume",
                        pool -> pool.datasets()
                                .create(
                                        "tank/v",
                                        DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.ofMiB(1), 8192)))),
                step("snapshot the volume", pool -> pool.datasets().snapshot("tank/v", "s")),
                step("receive", pool -> receive(pool, SendRequest.of("tank/i@final"), ReceiveRequest.into("tank/r"))),
                step("change the source", pool -> write(pool, "i/file", "of a later image")),
                step("snapshot the source", pool -> pool.datasets().snapshot("tank/i", "later")),
                step(
                        "receive what changed",
                        pool -> receive(
                                pool, SendRequest.of("tank/i@later", "tank/i@final"), ReceiveRequest.into("tank/r"))),
                step("change what was received", pool -> write(pool, "r/file", "of nobody")),
                step("snapshot the source again", pool -> pool.datasets().snapshot("tank/i", "last")),
                step(
                        "receive with force",
                        pool -> receive(
                                pool,
                                SendRequest.of("tank/i@last", "tank/i@later"),
                                ReceiveRequest.into("tank/r").forced())),
                step(
                        "receive the volume",
                        pool -> receive(pool, SendRequest.of("tank/v@s"), ReceiveRequest.into("tank/rv"))),
                step(
                        "receive with properties",
                        pool -> receive(
                                pool,
                                new SendRequest("tank/r@last", Optional.empty(), false, false, true),
                                ReceiveRequest.into("tank/rr"))));
    }

    private static void receive(ScratchPool pool, SendRequest what, ReceiveRequest where) {
        var stream = new ByteArrayOutputStream();
        pool.datasets().streams().send(what, stream, _ -> {});
        pool.datasets().streams().receive(where, new ByteArrayInputStream(stream.toByteArray()), ReceiveListener.NONE);
    }

    private static Step step(String name, Verb verb) {
        return new Step(name, verb);
    }

    private static void write(ScratchPool pool, String path, String text) {
        try {
            Files.writeString(
                    pool.mountpoint().resolve(path),
                    text,
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        pool.sync();
    }

    /** All that an operator can see, by name; fails when it isn't one whole. */
    static SortedMap<String, String> observe(ScratchPool pool) {
        var seen = new TreeMap<String, String>();
        for (Dataset dataset : pool.datasets().list()) {
            Path live =
                    pool.config().top().resolve("ds").resolve(dataset.guid()).resolve("live");
            Path at = dataset.isVolume() ? live : dataset.mountpoint().orElseThrow();
            if (!dataset.isVolume() && (!dataset.mounted() || !same(at, live))) {
                throw new AssertionError(dataset.name() + " isn't mounted on " + at);
            }
            seen.put(
                    dataset.name(),
                    String.join(
                            " ",
                            "" + dataset.quota(),
                            "" + pool.datasets().properties(dataset.name(), List.of("reservation")),
                            "" + dataset.origin(),
                            "" + new TreeMap<>(dataset.properties()),
                            permissions(at),
                            content(at)));
            for (Snapshot snapshot : pool.datasets().snapshots(dataset.name())) {
                seen.put(
                        snapshot.name(),
                        String.join(
                                " ",
                                "" + snapshot.clones(),
                                "" + new TreeSet<>(snapshot.holds().keySet()),
                                snapshot.deferred() ? "deferred" : "",
                                content(frozen(pool, snapshot))));
            }
            pool.datasets().bookmarks(dataset.name()).forEach(mark -> seen.put(mark.name(), mark.snapshot()));
        }
        return seen;
    }

    /** Below the dataset that it was made of, which need not be the one that has it. */
    private static Path frozen(ScratchPool pool, Snapshot snapshot) {
        try (Stream<Path> homes = Files.list(pool.config().top().resolve("snap"))) {
            return homes.map(home -> home.resolve(snapshot.guid()))
                    .filter(Files::exists)
                    .findFirst()
                    .orElseThrow(() -> new AssertionError(snapshot.name() + " isn't there"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean same(Path one, Path other) {
        try {
            return Files.isSameFile(one, other);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String permissions(Path directory) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String content(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.filter(Files::isRegularFile)
                    .map(VerbScript::line)
                    .sorted()
                    .collect(Collectors.joining(", "));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String line(Path file) {
        try {
            return Files.size(file) < 100
                    ? file.getFileName() + ": " + Files.readString(file)
                    : file.getFileName() + " of " + Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
