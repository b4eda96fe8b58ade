package zonda.images;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.images.ovf.Appliance;
import zonda.images.ovf.MachinePayload;
import zonda.images.ovf.Ovf;
import zonda.images.ovf.OvfException;

/** Images of machines that other hypervisors export as OVA or OVF. */
public final class Appliances {
    private final Path scratch;
    private final Creations creations;
    private final Installation installation;

    Appliances(Images.Setup setup, Creations creations, Installation installation) {
        this.scratch = setup.paths().downloads();
        this.creations = creations;
        this.installation = installation;
    }

    /** Whether a file is to be taken for one, by its name. */
    public static boolean is(Path file) {
        return Appliance.is(file);
    }

    /**
     * Makes an image of each of its disks that is not empty: the first of the name given, others of that name with
     * {@code -diskN}. When one can't be made none stays.
     *
     * @return the payload that makes the machine, but for what its images say
     * @throws ImageException NOT_SUPPORTED saying what of it is; FILE_SYSTEM when it can't be read
     */
    public Json.Obj create(Path file, Creations.Fields fields, Progress progress) {
        try (Appliance appliance = Appliance.open(file, scratch)) {
            Ovf machine = appliance.machine();
            if (machine.disks().stream().noneMatch(disk -> disk.file().isPresent())) {
                throw new OvfException("its machine has no disk that anything is on");
            }
            appliance.check();
            List<DiskFile> disks = new ArrayList<>();
            for (Ovf.Disk disk : machine.disks()) {
                if (disk.file().isPresent()) {
                    String name = disk.file().get();
                    disks.add(DiskFile.of(appliance.place(name), name));
                }
            }
            return new MachinePayload(machine).of(images(machine, create(disks, fields, file, progress)));
        } catch (OvfException e) {
            throw new ImageException(ImageError.NOT_SUPPORTED, file + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new ImageException(ImageError.FILE_SYSTEM, file + ": " + e.getMessage(), e);
        }
    }

    private static List<Optional<UUID>> images(Ovf machine, List<UUID> made) {
        var left = new ArrayList<>(made);
        return machine.disks().stream()
                .map(disk -> disk.file().map(_ -> left.removeFirst()))
                .toList();
    }

    private List<UUID> create(List<DiskFile> disks, Creations.Fields fields, Path file, Progress progress) {
        List<UUID> made = new ArrayList<>();
        try {
            for (DiskFile disk : disks) {
                String what = "the disk " + disk.name() + " of " + file.getFileName();
                Creations.Fields own = made.isEmpty() ? fields : further(fields, made.size());
                made.add(creations.disk(disk, what, own, progress).uuid());
            }
            return made;
        } catch (OpException e) {
            made.forEach(installation::delete);
            throw e;
        }
    }

    private static Creations.Fields further(Creations.Fields fields, int number) {
        Json.Obj first = fields.json();
        return new Creations.Fields(first.without("uuid").with("name", first.string("name", "") + "-disk" + number));
    }
}
