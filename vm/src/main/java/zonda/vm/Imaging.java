package zonda.vm;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.images.ImageError;
import zonda.images.ImageException;
import zonda.images.ImagesOfVms;
import zonda.kernel.Directory;
import zonda.storage.DatasetOptions;
import zonda.storage.Datasets;

/**
 * What of a VM becomes an image, for one to be made of it: a copy of its files, from which what is this VM's and not the
 * image's is taken away, or of the disk that a machine boots from. The VM itself stays as it is.
 */
public final class Imaging {
    static final String KIND = "vm-image";
    private static final String SNAPSHOT = "imaging";
    /** As those of images are called everywhere. */
    private static final String FINAL = "final";

    private static final int OWNER_ONLY = 0700;
    /** Beside the root: the map of the image's stream, the host's files for a container, and where cores are mounted. */
    private static final List<String> NOT_OF_IMAGES = List.of(".zonda-objects", "config", "cores", "data");

    private final Vms vms;

    Imaging(Vms vms) {
        this.vms = vms;
    }

    /**
     * Does something with a VM that a script has prepared for becoming an image. The VM is afterwards as it was.
     *
     * @see Preparing#with
     */
    public <T> T prepared(UUID uuid, String script, Supplier<T> work) {
        return new Preparing(vms).with(uuid, script, work);
    }

    /**
     * Does something with a copy of the VM's files, or of a machine's disk.
     *
     * @throws OpException CONFLICT when the VM runs: what is in the memory of its programs would be missing
     * @throws ImageException INVALID_ARGUMENT for a machine without disks
     */
    public <T> T withContent(UUID uuid, Function<ImagesOfVms.Content, T> work) {
        VmConfig config = vms.find(uuid).config();
        vms.find(uuid).requireWhole("make an image of");
        String dataset = dataset(config);
        Datasets datasets = vms.machinery().datasets(config);
        Saga saga = vms.lane(uuid).run("imgadm create", () -> begin(config, dataset, datasets));
        try {
            return work.apply(saga.step("clone", () -> copied(config, dataset, datasets)));
        } finally {
            remove(dataset, datasets);
            vms.lane(uuid).run("imgadm create", () -> keepFree(uuid));
            saga.end();
        }
    }

    /** What an image is made of: the VM's root, or a machine's disk. */
    private static String dataset(VmConfig config) {
        return config.brand().isHvm() ? MachineImage.disk(config).dataset().orElseThrow() : config.dataset();
    }

    private Saga begin(VmConfig config, String dataset, Datasets datasets) {
        UUID uuid = config.uuid();
        if (vms.machinery().running(uuid).isPresent()) {
            throw new ImageException(
                    ImageError.VM_NOT_STOPPED, "cannot create an image from a running VM: stop " + uuid);
        }
        if (datasets.findSnapshot(snapshot(dataset)).isPresent()) {
            throw new OpException(Code.CONFLICT, "an image is being made of VM " + uuid + " already");
        }
        Json.Obj about = Json.object().with("uuid", uuid.toString()).with("dataset", dataset);
        Saga begun = vms.host().journal().begin(KIND, about);
        try {
            begun.step(
                    "snapshot",
                    () -> HvmDatasets.snapshots(
                            config, datasets, List.of(snapshot(dataset)), "while an image is made of it"));
        } catch (RuntimeException e) {
            remove(dataset, datasets);
            keepFree(uuid);
            begun.end();
            throw e;
        }
        return begun;
    }

    private static ImagesOfVms.Content copied(VmConfig config, String dataset, Datasets datasets) {
        String copy = copy(dataset);
        if (config.brand().isHvm()) {
            datasets.clone(snapshot(dataset), copy, DatasetOptions.DEFAULT);
            Bytes size = datasets.volumeShape(copy).orElseThrow().size();
            return MachineImage.content(config, disk(copy, datasets), size);
        }
        datasets.clone(snapshot(dataset), copy, DatasetOptions.DEFAULT.mode(OWNER_ONLY));
        return new ImagesOfVms.Tree(
                forImage(datasets.mount(copy)),
                config.imageUuid().map(UUID::fromString),
                config.brand().word());
    }

    private static ImagesOfVms.Place disk(String copy, Datasets datasets) {
        if (datasets.hasDevices()) {
            return new ImagesOfVms.DiskDevice(datasets.snapshot(copy, FINAL).name());
        }
        return new ImagesOfVms.DiskFile(
                forImage(Objects.requireNonNull(datasets.volume(copy).getParent())));
    }

    private static Path forImage(Path copy) {
        try (Directory directory = Directory.open(copy)) {
            NOT_OF_IMAGES.forEach(directory::deleteTree);
        }
        return copy;
    }

    private static String snapshot(String dataset) {
        return dataset + "@" + SNAPSHOT;
    }

    private static String copy(String dataset) {
        return dataset + "-imaging";
    }

    private static void remove(String dataset, Datasets datasets) {
        datasets.destroyIfExists(copy(dataset), true);
        if (datasets.findSnapshot(snapshot(dataset)).isPresent()) {
            datasets.destroy(snapshot(dataset), false);
        }
    }

    /** What the snapshot took from a machine's disks is kept free for these again, as the VM is by now. */
    private UUID keepFree(UUID uuid) {
        vms.store()
                .find(uuid)
                .map(VmRecord::config)
                .ifPresent(
                        config -> HvmDatasets.keepFree(config, vms.machinery().datasets(config), true));
        return uuid;
    }

    /** Takes away what an earlier daemon left. */
    void settle(Saga saga) {
        Json.Obj about = saga.intent().about();
        UUID uuid = UUID.fromString(about.string("uuid", ""));
        vms.store().find(uuid).map(VmRecord::config).ifPresent(config -> {
            remove(
                    about.string("dataset").orElseGet(config::dataset),
                    vms.machinery().datasets(config));
            vms.lane(uuid).run("imgadm create", () -> keepFree(uuid));
        });
        saga.end();
    }
}
