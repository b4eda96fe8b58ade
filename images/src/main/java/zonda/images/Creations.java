package zonda.images;

import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
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
            for (String required : List.of("name", "version")) {
                if (!json.has(required)) {
                    throw ImageException.usage("an image needs " + required + "=…");
                }
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
        var wish = new DebianRoot.Wish(debian.suite(), debian.include());
        var maker = new DebianRoot(Path.of("/etc/apt"), setup.paths().downloads(), setup.environment());
        Manifest manifest = manifest(fields, "Debian " + debian.suite());
        return create(manifest, root -> maker.fill(root, wish, progress), progress);
    }

    private InstalledImage create(Manifest manifest, Installation.Filler filler, Progress progress) {
        progress.say("Creating image " + manifest.title());
        var image = new InstalledImage(manifest, setup.store().pool(), Optional.empty());
        if (!installation.install(image, filler)) {
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
