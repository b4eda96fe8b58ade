package zonda.images;

import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import zonda.base.Bytes;
import zonda.base.Json;

/** Makes images on this host: the local forms of {@code imgadm create}. Any thread may call it. */
public final class Creations {
    private static final Set<String> FIXED = Set.of("v", "type", "files", "origin", "state");

    private final Images.Setup setup;
    private final Installation installation;

    Creations(Images.Setup setup, Installation installation) {
        this.setup = setup;
        this.installation = installation;
    }

    /**
     * The fields of a manifest that the command line gives: {@code name=… version=…}, and perhaps {@code uuid=…},
     * {@code description=…} or others of the same simple kind.
     */
    public record Fields(Json.Obj json) {
        /** @throws ImageException USAGE when name or version is missing, or a field can't be given */
        public static Fields parse(List<String> words) {
            words.stream().filter(word -> word.startsWith("os=")).findFirst().ifPresent(Fields::refuse);
            Fields fields = some(words);
            for (String required : List.of("name", "version")) {
                if (!fields.json().has(required)) {
                    throw ImageException.usage("an image needs " + required + "=…");
                }
            }
            return fields;
        }

        /** As {@link #parse}, when name and version may come from elsewhere. */
        public static Fields some(List<String> words) {
            Json.Obj json = Json.object();
            for (String word : words) {
                int equals = word.indexOf('=');
                String field = equals < 0 ? word : word.substring(0, equals);
                if (equals <= 0 || FIXED.contains(field) || !ManifestRules.isField(field)) {
                    refuse(word);
                }
                String value = word.substring(equals + 1);
                boolean isFlag = value.equals("true") || value.equals("false");
                json = isFlag ? json.with(field, value.equals("true")) : json.with(field, value);
            }
            return new Fields(json);
        }

        private static void refuse(String word) {
            throw ImageException.usage("not FIELD=VALUE of an image's manifest: \"" + word + "\"");
        }
    }

    /**
     * An image of 2 MB around the host's static busybox, for tests and for trying things out.
     *
     * @throws ImageException FILE_SYSTEM when there is no static busybox
     */
    public InstalledImage busybox(Fields fields, Progress progress) {
        Manifest manifest = manifest(fields, "busybox's programs and init");
        return create(manifest, root -> new BusyboxRoot(Path.of("/bin/busybox")).fill(root), progress);
    }

    /**
     * What goes into a Debian image.
     *
     * @param suite such as bookworm
     * @param include names of further packages
     */
    public record Debian(String suite, List<String> include) {}

    /**
     * A Debian image that boots to a login, from the machine's own apt sources. Takes a minute.
     *
     * @throws ImageException NOT_SUPPORTED when the machine has no sources for it, INVALID_ARGUMENT, FILE_SYSTEM with
     *     the last lines of mmdebstrap
     */
    public InstalledImage debian(Debian debian, Fields fields, Progress progress) {
        Mmdebstrap.Wish wish = wish(debian);
        var maker = new DebianRoot(mmdebstrap());
        Manifest manifest = manifest(fields, "Debian " + debian.suite());
        return create(manifest, root -> maker.fill(root, wish, progress), progress);
    }

    /**
     * As {@link #debian}, with a kernel and cloud-init: a disk that machines boot from, of the field {@code image_size} in
     * MiB. Takes minutes.
     *
     * @throws ImageException as there, and NOT_SUPPORTED naming what is missing on this host
     */
    public InstalledImage debianMachine(Debian debian, Fields fields, Progress progress) {
        Mmdebstrap.Wish wish = wish(debian);
        DebianMachine.requireSupported();
        long mib = DebianMachine.size(fields.json().string("image_size").orElse(""));
        var maker = new DebianMachine(mmdebstrap());
        Manifest manifest = machine(fields, "Debian " + debian.suite() + " with cloud-init", "linux", mib);
        Bytes size = Bytes.ofMiB(mib);
        return installed(
                manifest,
                image -> installation.installDataset(image, dataset -> maker.fill(dataset, size, wish, progress)),
                progress);
    }

    private static Mmdebstrap.Wish wish(Debian debian) {
        return new Mmdebstrap.Wish(debian.suite(), debian.include());
    }

    private Mmdebstrap mmdebstrap() {
        return new Mmdebstrap(
                Path.of("/etc/apt"), setup.paths().downloads(), setup.network().environment());
    }

    /**
     * An image of type zvol of a machine's disk in a file: raw, qcow2, VMDK, VDI, VHD or VHDX.
     *
     * @throws ImageException NOT_SUPPORTED when it is none of these, or not whole
     */
    public InstalledImage disk(Path file, Fields fields, Progress progress) {
        return disk(DiskFile.of(file), "the disk " + file.getFileName(), fields, progress);
    }

    InstalledImage disk(DiskFile disk, String description, Fields fields, Progress progress) {
        if (fields.json().has("image_size")) {
            throw ImageException.usage("image_size is the size of the disk in " + disk.name());
        }
        long mib = Math.ceilDiv(disk.size().value(), Bytes.ofMiB(1).value());
        Manifest manifest = machine(fields, description, "other", mib);
        return installed(
                manifest,
                image -> installation.installDataset(image, dataset -> {
                    Path whole = dataset.resolve(StreamImages.DISK);
                    try (var target = new RandomAccessFile(whole.toFile(), "rw")) {
                        target.setLength(Bytes.ofMiB(mib).value());
                    }
                    disk.copyTo(whole);
                }),
                progress);
    }

    private Manifest machine(Fields fields, String description, String os, long mib) {
        Json.Obj machine = Json.object()
                .with("type", "zvol")
                .with("os", os)
                .with("nic_driver", "virtio")
                .with("disk_driver", "virtio")
                .with("cpu_type", "qemu64");
        Json.Obj given = fields.json().with("image_size", mib);
        Json.Obj plain = manifest(new Fields(given), description).json().without("tags");
        return Manifest.of(plain.withAll(machine).withAll(given));
    }

    private InstalledImage create(Manifest manifest, Installation.Filler filler, Progress progress) {
        return installed(manifest, image -> installation.install(image, filler), progress);
    }

    /** @param install says whether it did */
    private InstalledImage installed(Manifest manifest, Predicate<InstalledImage> install, Progress progress) {
        progress.say("Creating image " + manifest.title());
        var image = new InstalledImage(manifest, setup.store().pool(), Optional.empty());
        if (!install.test(image)) {
            throw new ImageException(
                    ImageError.INVALID_ARGUMENT, "image " + manifest.title() + " is already installed");
        }
        progress.say("Created image " + manifest.title());
        return image;
    }

    private Manifest manifest(Fields fields, String description) {
        return manifest(fields.json(), description);
    }

    /** With what every image has, where the caller does not say it. */
    Manifest manifest(Json.Obj given, String description) {
        return Manifest.of(Json.object()
                .with("v", 2)
                .with("uuid", given.string("uuid", UUID.randomUUID().toString()))
                .with("owner", Manifest.UNSET_OWNER)
                .with("name", "")
                .with("version", "")
                .with("description", description)
                .with("state", "active")
                .with("disabled", false)
                .with("public", false)
                .with(
                        "published_at",
                        setup.clock().instant().truncatedTo(ChronoUnit.MILLIS).toString())
                .with("type", "lx-dataset")
                .with("os", "linux")
                .with("tags", Json.object().with("kernel_version", kernelVersion()))
                .withAll(given));
    }

    /** What lx images say they are made for, without what distributions add to it. */
    private static String kernelVersion() {
        return System.getProperty("os.version", "").replaceFirst("^(\\d+(?:\\.\\d+)*).*", "$1");
    }
}
