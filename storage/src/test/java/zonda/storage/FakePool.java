package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import zonda.base.Journal.CrashPoint;

/** A pool over the fake driver, whose records are real files; nothing is mounted, and nothing needs root. */
final class FakePool implements ContractPool {
    private final Path directory;
    private final FakeDriver driver;
    private final Map<Guid, Path> mounts = new HashMap<>();
    private List<String> findings = List.of();
    private Datasets datasets;

    FakePool() {
        try {
            directory = Files.createTempDirectory("zonda-fake-");
            Files.createDirectories(directory.resolve("store"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        driver = new FakeDriver(directory.resolve("pool"));
        var root = new NodeRecord.Filesystem(
                Guid.random(new SplittableRandom()),
                Optional.empty(),
                "tank",
                InstantSource.system().instant(),
                1,
                Optional.empty(),
                DatasetOptions.DEFAULT);
        driver.create(root.guid(), new PoolDriver.Charge(List.of(root.guid()), Optional.empty()));
        store().add(root);
        datasets = open();
    }

    private RecordStore store() {
        return new RecordStore(directory.resolve("store"), false);
    }

    private ObjectMaps maps() {
        return new ObjectMaps(directory.resolve("maps"));
    }

    private Datasets open() {
        RecordStore store = store();
        var recovery = new Recovery(driver, store, maps());
        Catalog catalog = recovery.run();
        findings = recovery.findings();
        var tree = new MountedTree(catalog, new FakeMounts(), directory.resolve("mnt"));
        tree.mountAll();
        return new Datasets(Workings.of(
                driver,
                new Workings.Stored(
                        store, maps(), new PoolHistory(directory.resolve("history"), InstantSource.system())),
                catalog,
                tree,
                new Workings.Surroundings(InstantSource.system(), new SplittableRandom(), CrashPoint.NONE)));
    }

    @Override
    public Datasets datasets() {
        return datasets;
    }

    @Override
    public Datasets reopen() {
        datasets = open();
        return datasets;
    }

    @Override
    public List<String> findings() {
        return findings;
    }

    @Override
    public Path content(String dataset) {
        return driver.live(
                Guid.parse(datasets.find(dataset).orElseThrow().guid()).orElseThrow());
    }

    @Override
    public RecordStore recordStore() {
        return store();
    }

    @Override
    public Optional<String> compression(String dataset) {
        return driver.compression(
                Guid.parse(datasets.find(dataset).orElseThrow().guid()).orElseThrow());
    }

    @Override
    public PoolDriver driver() {
        return driver;
    }

    @Override
    public void close() {
        ScratchPool.delete(directory);
    }

    private final class FakeMounts implements Mounting {
        @Override
        public boolean isMounted(Guid dataset) {
            return mounts.containsKey(dataset);
        }

        @Override
        public boolean isMounted(Guid dataset, Path target) {
            return target.equals(mounts.get(dataset));
        }

        @Override
        public void mount(Guid dataset, Path target) {
            mounts.put(dataset, target);
        }

        @Override
        public void unmount(Guid dataset, DatasetName name, Path target) {
            mounts.remove(dataset);
        }

        @Override
        public Optional<Holder> otherHolder(List<Guid> datasets, Optional<Path> own) {
            return Optional.empty();
        }

        @Override
        public void refuseUser(String verb, DatasetName name, Guid volume) {}

        @Override
        public void refuseOtherHolder(String verb, DatasetName name, List<Guid> datasets) {}
    }
}
