package zonda.images;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Json;

/** Makes images of what VMs hold, that are not installed here but written to a file. Any thread may call it. */
public final class ImagesOfVms {
    /** What an image of a disk takes over from the one that the disk began as, as on SmartOS. */
    private static final List<String> INHERITED = List.of(
            "os",
            "requirements",
            "users",
            "billing_tags",
            "traits",
            "generate_passwords",
            "inherited_directories",
            "nic_driver",
            "disk_driver",
            "cpu_type");

    private final Images.Setup setup;
    private final Installation installation;
    private final Creations creations;

    ImagesOfVms(Images.Setup setup, Installation installation, Creations creations) {
        this.setup = setup;
        this.installation = installation;
        this.creations = creations;
    }

    /** What of a VM becomes an image; nobody changes it meanwhile. */
    public sealed interface Content {
        /** That it began as a copy of. */
        Optional<UUID> image();
    }

    /**
     * The files that an image is made of.
     *
     * @param directory with {@code root} in it
     * @param brand of the VM that they are of
     */
    public record Tree(Path directory, Optional<UUID> image, String brand) implements Content {}

    /** Where a disk is. */
    public sealed interface Place {}

    /** @param directory with the disk's file in it, which has the name that those of images have */
    public record DiskFile(Path directory) implements Place {}

    /** @param snapshot the full name of one of the disk, {@code @final}, on a pool whose volumes are devices */
    public record DiskDevice(String snapshot) implements Place {}

    /**
     * A machine's disk.
     *
     * @param mib how large it is; one that is begun counts
     * @param machine fields of a manifest that the machine answers, where neither the caller nor the disk's image does
     */
    public record Disk(Place place, Optional<UUID> image, long mib, Json.Obj machine) implements Content {}

    /**
     * What image.
     *
     * @param manifest fields of it, name and version at least
     * @param mostOrigins how many images an incremental one may be on top of
     */
    public record Wish(Json.Obj manifest, Packing packing, boolean incremental, int mostOrigins) {}

    /**
     * @throws ImageException MANIFEST_VALIDATION, USAGE without name or version, INVALID_ARGUMENT for what a disk's image
     *     can't be; of incremental ones VM_HAS_NO_ORIGIN, MAX_ORIGIN_DEPTH, NOT_SUPPORTED for an origin that has no map
     *     of objects
     */
    public NewImage of(Content content, Wish wish) {
        for (String required : List.of("name", "version")) {
            if (wish.manifest().string(required).isEmpty()) {
                throw ImageException.usage("an image needs " + required + "=…");
            }
        }
        Optional<InstalledImage> parent = content.image().flatMap(installation::find);
        Json.Obj given = wish.manifest().without("files").without("origin");
        Json.Obj manifest = switch (content) {
            case Tree tree -> manifest(tree, parent, given);
            case Disk disk -> manifest(disk, parent, given);
        };
        return made(content, manifest, parent, wish);
    }

    private NewImage made(Content content, Json.Obj manifest, Optional<InstalledImage> parent, Wish wish) {
        if (!wish.incremental()) {
            return new NewImage(Manifest.of(manifest), stream(content, Optional.empty()), wish.packing());
        }
        InstalledImage origin = origin(parent, wish.mostOrigins());
        return new NewImage(
                Manifest.of(manifest.with("origin", origin.uuid().toString())),
                stream(content, Optional.of(origin.uuid())),
                wish.packing());
    }

    private NewImage.Content stream(Content content, Optional<UUID> origin) {
        return switch (content) {
            case Tree tree -> files(tree.directory(), false, origin);
            case Disk disk -> stream(disk.place(), origin);
        };
    }

    private NewImage.Content stream(Place place, Optional<UUID> origin) {
        return switch (place) {
            case DiskFile file -> files(file.directory(), true, origin);
            case DiskDevice device ->
                new DeviceToSend(setup.store().diskStreams().orElseThrow(), device.snapshot(), origin);
        };
    }

    private FilesToSend files(Path directory, boolean isVolume, Optional<UUID> origin) {
        return new FilesToSend(directory, isVolume, origin.map(setup.store()::content));
    }

    /** Whether other hosts can have the same: a pool that knows streams itself knows them by guids, which stay. */
    private boolean isOfAStream(InstalledImage image) {
        return setup.store().diskStreams(image.manifest()).isPresent()
                ? image.manifest().datasetGuid().isPresent()
                : Files.exists(setup.store().content(image.uuid()).resolve(StreamImages.MAP));
    }

    private Json.Obj manifest(Tree tree, Optional<InstalledImage> parent, Json.Obj given) {
        Json.Obj tags = parent.flatMap(image -> image.manifest().tags().get("docker:config"))
                .map(config -> Json.object().with("docker:config", config))
                .orElse(Json.object())
                .withAll(given.object("tags"));
        Json.Obj base =
                creations.manifest(given, "of a VM of brand " + tree.brand()).json();
        base = base.with("tags", base.object("tags").withAll(tags));
        Json.Obj brand = Json.object().with("brand", "lx");
        return tree.brand().equals("lx") ? base.with("requirements", brand.withAll(base.object("requirements"))) : base;
    }

    private Json.Obj manifest(Disk disk, Optional<InstalledImage> parent, Json.Obj given) {
        Json.Obj inherited = Json.object();
        for (String field : INHERITED) {
            Optional<Json> value =
                    parent.flatMap(image -> image.manifest().json().get(field)).filter(ImagesOfVms::saysSomething);
            inherited = value.isPresent() ? inherited.with(field, value.get()) : inherited;
        }
        Json.Obj machine = disk.machine().with("type", "zvol").with("image_size", disk.mib());
        for (String fixed : List.of("type", "image_size")) {
            requireSame(fixed, given, machine);
        }
        Json.Obj brand = disk.machine().object("requirements");
        Json.Obj requirements = given.has("requirements")
                ? brand.withAll(given.object("requirements"))
                : inherited.object("requirements").withAll(brand);
        Json.Obj fields = machine.withAll(inherited)
                .withAll(given)
                .with("requirements", requirements)
                .with("image_size", disk.mib());
        String description = "a disk of a VM of brand " + brand.string("brand", "");
        Json.Obj whole = creations.manifest(fields, description).json();
        return given.has("tags") ? whole : whole.without("tags");
    }

    /** Lists that are empty are left out, as on SmartOS. */
    private static boolean saysSomething(Json value) {
        return !(value instanceof Json.Arr(var items)) || !items.isEmpty();
    }

    private static void requireSame(String field, Json.Obj given, Json.Obj known) {
        String right = text(known, field);
        if (given.has(field) && !text(given, field).equals(right)) {
            throw new ImageException(
                    ImageError.INVALID_ARGUMENT,
                    "cannot create an image whose " + field + " is " + text(given, field) + ": the disk's is " + right
                            + "; leave " + field + " out");
        }
    }

    private static String text(Json.Obj json, String field) {
        return json.string(field).or(() -> json.get(field).map(Json::compact)).orElse("");
    }

    private InstalledImage origin(Optional<InstalledImage> parent, int most) {
        InstalledImage origin = parent.orElseThrow(() -> new ImageException(
                ImageError.VM_HAS_NO_ORIGIN, "cannot create an incremental image: the VM's image is not installed"));
        if (!isOfAStream(origin)) {
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
}
