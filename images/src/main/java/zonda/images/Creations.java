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
    private static final Set<String> FIXED = Set.of("v", "type", "os", "files", "origin", "state");

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
                    throw ImageException.usage("not FIELD=VALUE of an image's manifest: \"" + word + "\"");
                }
                String value = word.substring(equals + 1);
                boolean isFlag = value.equals("true") || value.equals("false");
                json = isFlag ? json.with(field, value.equals("true")) : json.with(field, value);
            }
            return new Fields(json);
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
     * The files that an image is made of.
     *
     * @param directory with {@code root} in it; nobody changes it
     * @param image that they began as a copy of
     * @param brand of the VM that they are of
     */
    public record Tree(Path directory, Optional<UUID> image, String brand) {}

    /**
     * What image.
     *
     * @param manifest fields of it, name and version at least
     * @param mostOrigins how many images an incremental one may be on top of
     */
    public record Wish(Json.Obj manifest, Packing packing, boolean incremental, int mostOrigins) {}

    /**
     * An image of a tree, that is not installed here but written to a file.
     *
     * @throws ImageException MANIFEST_VALIDATION, USAGE without name or version; of incremental ones VM_HAS_NO_ORIGIN,
     *     MAX_ORIGIN_DEPTH, NOT_SUPPORTED for an origin that has no map of objects
     */
    public NewImage ofTree(Tree tree, Wish wish) {
        for (String required : List.of("name", "version")) {
            if (wish.manifest().string(required).isEmpty()) {
                throw ImageException.usage("an image needs " + required + "=…");
            }
        }
        Json.Obj given = wish.manifest();
        Optional<InstalledImage> parent = tree.image().flatMap(installation::find);
        Json.Obj tags = parent.flatMap(image -> image.manifest().tags().get("docker:config"))
                .map(config -> Json.object().with("docker:config", config))
                .orElse(Json.object())
                .withAll(given.object("tags"));
        Json.Obj base = manifest(
                        new Fields(given.without("files").without("origin")), "of a VM of brand " + tree.brand())
                .json();
        base = base.with("tags", base.object("tags").withAll(tags));
        if (tree.brand().equals("lx") && !base.has("requirements")) {
            base = base.with("requirements", Json.object().with("brand", "lx"));
        }
        if (!wish.incremental()) {
            return new NewImage(Manifest.of(base), tree.directory(), wish.packing(), Optional.empty());
        }
        InstalledImage origin = origin(parent, wish.mostOrigins());
        Manifest manifest = Manifest.of(base.with("origin", origin.uuid().toString()));
        return new NewImage(
                manifest,
                tree.directory(),
                wish.packing(),
                Optional.of(setup.store().content(origin.uuid())));
    }

    private InstalledImage origin(Optional<InstalledImage> parent, int most) {
        InstalledImage origin = parent.orElseThrow(() -> new ImageException(
                ImageError.VM_HAS_NO_ORIGIN, "cannot create an incremental image: the VM's image is not installed"));
        if (!java.nio.file.Files.exists(setup.store().content(origin.uuid()).resolve(StreamImages.MAP))) {
            throw new ImageException(
                    ImageError.NOT_SUPPORTED,
                    "cannot create an incremental image: its origin "
                            + origin.manifest().title()
                            + " was not installed from a ZFS stream, so another host's can not be the same;"
                            + " create without -i");
        }
        int depth = 1;
        Optional<UUID> above = origin.manifest().origin();
        while (above.isPresent() && depth <= most) {
            depth++;
            above = installation
                    .find(above.get())
                    .flatMap(image -> image.manifest().origin());
        }
        if (depth > most) {
            throw new ImageException(
                    ImageError.MAX_ORIGIN_DEPTH,
                    "cannot create an incremental image: it would have more than " + most + " origins");
        }
        return origin;
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
        Json.Obj given = fields.json();
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
