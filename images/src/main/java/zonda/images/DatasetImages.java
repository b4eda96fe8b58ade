package zonda.images;

import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import zonda.base.Bytes;
import zonda.storage.Dataset;
import zonda.storage.DatasetOptions;
import zonda.storage.Datasets;
import zonda.storage.SendRequest;
import zonda.storage.Snapshot;
import zonda.storage.VolumeShape;
import zonda.zstream.StreamHeader;

/** Images as datasets of a pool. Any thread may call it. */
public final class DatasetImages implements ImageStore {
    private static final String FINAL = "final";
    private static final String PARTIAL = "-partial";
    private static final int OWNER_ONLY = 0700;
    /** What a volume has until its content is there. */
    private static final Bytes SMALL = Bytes.ofMiB(1);

    private final String pool;
    private final Datasets datasets;

    public DatasetImages(String pool, Datasets datasets) {
        this.pool = pool;
        this.datasets = datasets;
    }

    private boolean isVolume(String name) {
        return datasets.find(name).filter(Dataset::isVolume).isPresent();
    }

    private DeviceImages devices() {
        return new DeviceImages(datasets);
    }

    @Override
    public Optional<DiskStreams> diskStreams() {
        return datasets.hasDevices() ? Optional.of(new Streams()) : Optional.empty();
    }

    private final class Streams implements DiskStreams {
        @Override
        public void receive(UUID image, Optional<UUID> origin, InputStream stream, Consumer<StreamHeader> check) {
            datasets.destroyIfExists(partial(image), true);
            devices().receive(partial(image), origin.map(DatasetImages.this::sealed), stream, check);
        }

        @Override
        public long guid(String snapshot) {
            return datasets.streams().identity(snapshot).orElseThrow();
        }

        @Override
        public void send(String snapshot, Optional<UUID> origin, OutputStream out) {
            Optional<String> from = origin.map(DatasetImages.this::sealed);
            datasets.streams().send(new SendRequest(snapshot, from, false, false, false), out, _ -> {});
        }
    }

    @Override
    public String pool() {
        return pool;
    }

    @Override
    public State state(UUID image) {
        if (datasets.findSnapshot(sealed(image)).isPresent()) {
            return State.INSTALLED;
        }
        if (datasets.findSnapshot(partial(image) + "@" + FINAL).isPresent()) {
            return State.SEALED;
        }
        boolean isBegun = datasets.has(partial(image)) || datasets.has(DeviceImages.files(partial(image)));
        return isBegun ? State.FILLING : State.ABSENT;
    }

    @Override
    public Path createPartial(UUID image) {
        datasets.create(partial(image), DatasetOptions.DEFAULT.mode(OWNER_ONLY));
        return datasets.mount(partial(image));
    }

    @Override
    public Path createPartialVolume(UUID image) {
        if (datasets.hasDevices()) {
            return devices().createFiles(partial(image));
        }
        datasets.create(partial(image), DatasetOptions.DEFAULT.volume(VolumeShape.of(SMALL, VolumeShape.USUAL_BLOCK)));
        return place(image);
    }

    /** Where the files of the partial dataset are; a volume is a file in a directory that is not mounted. */
    private Path place(UUID image) {
        return isVolume(partial(image))
                ? Objects.requireNonNull(datasets.volume(partial(image)).getParent())
                : datasets.mount(partial(image));
    }

    /** Where disks are devices, the stream of one makes a clone itself. */
    @Override
    public Path clonePartial(UUID image, UUID origin) {
        boolean isVolume = isVolume(installed(origin));
        if (isVolume && datasets.hasDevices()) {
            return createPartialVolume(image);
        }
        DatasetOptions options = isVolume ? DatasetOptions.DEFAULT : DatasetOptions.DEFAULT.mode(OWNER_ONLY);
        datasets.clone(sealed(origin), partial(image), options);
        return place(image);
    }

    @Override
    public void seal(UUID image) {
        if (state(image) == State.FILLING && !devices().seal(partial(image), FINAL)) {
            datasets.snapshot(partial(image), FINAL);
        }
        datasets.destroyIfExists(DeviceImages.files(partial(image)), true);
    }

    @Override
    public void commit(UUID image) {
        if (state(image) == State.SEALED) {
            datasets.rename(partial(image), installed(image));
        }
    }

    @Override
    public void discard(UUID image) {
        datasets.destroyIfExists(partial(image), true);
        datasets.destroyIfExists(DeviceImages.files(partial(image)), true);
    }

    @Override
    public void destroy(UUID image) {
        datasets.destroyIfExists(installed(image), true);
    }

    @Override
    public Path content(UUID image) {
        return datasets.directory(sealed(image));
    }

    @Override
    public List<String> dependents(UUID image) {
        return datasets.findSnapshot(sealed(image)).map(Snapshot::clones).orElse(List.of()).stream()
                .map(DatasetImages::leaf)
                .toList();
    }

    @Override
    public Bytes used(UUID image) {
        return datasets.usage(installed(image)).used();
    }

    @Override
    public Set<UUID> partials() {
        return datasets.list().stream()
                .map(Dataset::name)
                .map(DatasetImages::leaf)
                .flatMap(name -> partialOf(name).stream())
                .collect(Collectors.toSet());
    }

    private static Optional<UUID> partialOf(String dataset) {
        String name = DeviceImages.withoutFiles(dataset);
        String uuid = name.endsWith(PARTIAL) ? name.substring(0, name.length() - PARTIAL.length()) : "";
        return ManifestRules.isUuid(uuid) ? Optional.of(UUID.fromString(uuid)) : Optional.empty();
    }

    private static String leaf(String name) {
        return name.substring(name.lastIndexOf('/') + 1);
    }

    private String sealed(UUID image) {
        return installed(image) + "@" + FINAL;
    }

    private String installed(UUID image) {
        return pool + "/" + image;
    }

    private String partial(UUID image) {
        return installed(image) + PARTIAL;
    }
}
