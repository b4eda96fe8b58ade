package zonda.kvm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import zonda.base.Await;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.Fd;

/**
 * Disks of a machine that runs: they come, grow and go while its guest goes on. A disk is known by its file, or, when it
 * came while the machine ran, by a name of the caller's, of at most 31 letters and digits. What is so already is left so.
 *
 * <p>The commands are those of QEMU's docs/interop/qmp-ref: add-fd, blockdev-add, device_add, device_del, block_resize.
 */
public final class LiveDisks {
    /** A guest's system takes a moment to let go of a disk. */
    private static final Duration LETTING_GO = Duration.ofSeconds(30);

    /**
     * The machine stands still until the write is tried again. Told of an error, guests take their filesystems for broken,
     * when mostly it is that the pool is full, or a quota. QEMU's own "enospc" knows the pool only.
     */
    static final String WHEN_A_WRITE_FAILS = "stop";

    private final Qmp qmp;

    public LiveDisks(Qmp qmp) {
        this.qmp = qmp;
    }

    /**
     * Where a disk's data are, as QEMU gets them: it need not see the file.
     *
     * @param isDevice whether it is a block device, and not a file
     */
    public record Source(Fd descriptor, boolean isDevice) {}

    /** Plugs in a disk of the model virtio. @throws OpException FAILED with QEMU's own words */
    public void add(Disk disk, String name, Source source) {
        if (find(disk.file(), name).isPresent()) {
            return;
        }
        Json.Obj file = Json.object()
                .with("driver", source.isDevice() ? "host_device" : "file")
                .with("filename", "/dev/fdset/" + qmp.give(source.descriptor()));
        qmp.execute(
                "blockdev-add",
                Json.object()
                        .with("driver", "raw")
                        .with("node-name", name)
                        .with("cache", Json.object().with("direct", true))
                        .with("discard", disk.trims() ? "unmap" : "ignore")
                        .with("file", file));
        try {
            qmp.execute("device_add", device(disk, name));
        } catch (OpException e) {
            forget(name);
            throw e;
        }
    }

    private static Json.Obj device(Disk disk, String name) {
        Json.Obj device = Json.object()
                .with("driver", "virtio-blk-pci")
                .with("id", name)
                .with("drive", name)
                .with("werror", WHEN_A_WRITE_FAILS)
                .with("serial", disk.serial());
        return disk.sectors().equals(Sectors.USUAL)
                ? device
                : device.with("logical_block_size", disk.sectors().logical())
                        .with("physical_block_size", disk.sectors().physical());
    }

    /** Tells the guest that a disk, which is larger already, is so. @throws OpException FAILED with QEMU's own words */
    public void grow(Path file, String name, Bytes size) {
        Json.Obj found =
                find(file, name).orElseThrow(() -> new OpException(Code.FAILED, "QEMU does not know the disk " + file));
        qmp.execute("block_resize", Json.object().with("node-name", node(found)).with("size", size.value()));
    }

    /** Takes a disk out. @throws OpException FAILED when the guest keeps it */
    public void remove(Path file, String name) {
        Optional<Json.Obj> found = find(file, name);
        if (found.isEmpty()) {
            return;
        }
        String device = found.get().string("qdev", "").replaceFirst("/virtio-backend$", "");
        qmp.execute("device_del", Json.object().with("id", device));
        if (!Await.until(LETTING_GO, () -> find(file, name).isEmpty())) {
            throw new OpException(
                    Code.FAILED,
                    "disk " + file + ": the guest did not let go of it within " + LETTING_GO.toSeconds()
                            + " s; its system has to run, and to take part: stop the VM otherwise");
        }
        // One that was there from the start went with its device.
        if (node(found.get()).equals(name)) {
            forget(name);
        }
    }

    /** Whether a write to it failed, and was not tried again with success. */
    public boolean hasFailed(Path file, String name) {
        return find(file, name)
                .filter(disk -> !disk.string("io-status", "ok").equals("ok"))
                .isPresent();
    }

    private void forget(String name) {
        qmp.execute("blockdev-del", Json.object().with("node-name", name));
    }

    private static String node(Json.Obj found) {
        return found.object("inserted").string("node-name", "");
    }

    private Optional<Json.Obj> find(Path file, String name) {
        if (!(qmp.execute("query-block") instanceof Json.Arr disks)) {
            return Optional.empty();
        }
        return disks.objects().stream()
                .filter(disk -> node(disk).equals(name)
                        || disk.object("inserted").string("file", "").equals(file.toString()))
                .findFirst();
    }
}
