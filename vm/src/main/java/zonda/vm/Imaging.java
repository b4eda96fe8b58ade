package zonda.vm;

import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.Saga;
import zonda.images.Creations;
import zonda.images.ImageError;
import zonda.images.ImageException;
import zonda.kernel.Directory;
import zonda.storage.DatasetOptions;
import zonda.storage.Datasets;

/**
 * The files of a VM, for an image to be made of them: a copy, from which what is this VM's and not the image's is taken
 * away. The VM itself stays as it is.
 */
public final class Imaging {
    static final String KIND = "vm-image";
    private static final String SNAPSHOT = "imaging";
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
     * Does something with a copy of the VM's files.
     *
     * @throws OpException CONFLICT when the VM runs: what is in the memory of its programs would be missing
     */
    public <T> T withFiles(UUID uuid, Function<Creations.Tree, T> work) {
        VmConfig config = vms.find(uuid).config();
        vms.find(uuid).requireWhole("make an image of");
        if (config.brand().isHvm()) {
            throw new OpException(
                    Code.NOT_SUPPORTED,
                    "Unable to make an image of VM " + uuid + ": this version of Zonda can't with brand "
                            + config.brand().word());
        }
        Datasets datasets = vms.machinery().datasets(config);
        Saga saga = vms.lane(uuid).run("imgadm create", () -> {
            if (vms.machinery().running(uuid).isPresent()) {
                throw new ImageException(
                        ImageError.VM_NOT_STOPPED, "cannot create an image from a running VM: stop " + uuid);
            }
            if (datasets.findSnapshot(snapshot(config)).isPresent()) {
                throw new OpException(Code.CONFLICT, "an image is being made of VM " + uuid + " already");
            }
            Saga begun = vms.host().journal().begin(KIND, Json.object().with("uuid", uuid.toString()));
            begun.step("snapshot", () -> datasets.snapshot(config.dataset(), SNAPSHOT));
            return begun;
        });
        try {
            Path tree = saga.step("clone", () -> {
                datasets.clone(snapshot(config), copy(config), DatasetOptions.DEFAULT.mode(OWNER_ONLY));
                return datasets.mount(copy(config));
            });
            try (Directory directory = Directory.open(tree)) {
                NOT_OF_IMAGES.forEach(directory::deleteTree);
            }
            return work.apply(new Creations.Tree(
                    tree,
                    config.imageUuid().map(UUID::fromString),
                    config.brand().word()));
        } finally {
            remove(config);
            saga.end();
        }
    }

    private static String snapshot(VmConfig config) {
        return config.dataset() + "@" + SNAPSHOT;
    }

    private static String copy(VmConfig config) {
        return config.dataset() + "-imaging";
    }

    private void remove(VmConfig config) {
        Datasets datasets = vms.machinery().datasets(config);
        datasets.destroyIfExists(copy(config), true);
        if (datasets.findSnapshot(snapshot(config)).isPresent()) {
            datasets.destroy(snapshot(config), false);
        }
    }

    /** Takes away what an earlier daemon left. */
    void settle(Saga saga) {
        UUID uuid = UUID.fromString(saga.intent().about().string("uuid", ""));
        vms.store().find(uuid).ifPresent(vm -> remove(vm.config()));
        saga.end();
    }
}
