package zonda.commands;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.images.Creations;
import zonda.images.HostImages;
import zonda.images.ImageError;
import zonda.images.ImageException;
import zonda.images.Images;
import zonda.images.ImagesOfVms;
import zonda.images.Manifest;
import zonda.images.NewImage;
import zonda.images.Packing;
import zonda.images.Progress;
import zonda.images.Source;
import zonda.vm.Vms;

/** create of imgadm(8) from a VM: a file with a ZFS stream, and its manifest. */
final class ImgadmCreate {
    private static final int BUFFER = 128 << 10;

    private final HostImages images;
    private final Vms vms;

    ImgadmCreate(HostImages images, Vms vms) {
        this.images = images;
        this.vms = vms;
    }

    void create(Session session, Getopt options) {
        made(session, options, (_, image) -> write(session, options, image));
    }

    /** As {@link #create}, straight onto a server. */
    void publish(Session session, Getopt options, Progress progress) {
        if (options.has("o")) {
            throw new OpException(
                    Code.USAGE, "-o and -p exclude each other: an image that is published is kept nowhere");
        }
        var server = new Source(options.value("p").orElseThrow(), Source.Type.IMGAPI, options.has("k"));
        made(session, options, (pool, image) -> {
            session.out("Manifest:\n" + image.manifest().json().pretty().indent(4));
            return pool.publisher(server).publish(image, progress);
        });
    }

    /** Where an image goes that was made; of the VM's pool. */
    private interface Destination {
        Manifest take(Images pool, NewImage image);
    }

    private void made(Session session, Getopt options, Destination destination) {
        UUID vm = vm(options.operands().getFirst());
        ImagesOfVms.Wish wish = wish(session, options);
        Images pool = images.of(vms.get(vm).string("zpool", ""));
        prepared(
                session,
                options,
                vm,
                () -> vms.imaging()
                        .withContent(
                                vm,
                                content -> destination.take(pool, pool.ofVms().of(content, wish))));
    }

    private Manifest prepared(Session session, Getopt options, UUID vm, Supplier<Manifest> work) {
        if (!options.has("s")) {
            return work.get();
        }
        String script = new String(session.file(options.value("s").orElseThrow()), StandardCharsets.UTF_8);
        session.out("Preparing VM " + vm + "\n");
        return vms.imaging().prepared(vm, script, () -> {
            session.out("Prepared VM " + vm + "\n");
            return work.get();
        });
    }

    private static ImagesOfVms.Wish wish(Session session, Getopt options) {
        Json.Obj manifest = options.value("m").map(file -> json(session, file)).orElse(Json.object());
        List<String> words = options.operands().subList(1, options.operands().size());
        Json.Obj fields = manifest.withAll(Creations.Fields.some(words).json());
        String compression = options.value("c").orElse("none");
        Packing packing = Packing.find(compression)
                .orElseThrow(() -> new OpException(
                        Code.USAGE, "unknown compression \"" + compression + "\"; there are none, gzip, bzip2 and xz"));
        String depth = options.value("max-origin-depth").orElse("");
        if (!depth.matches("[0-9]{0,6}")) {
            throw new OpException(Code.USAGE, "not a number of images: --max-origin-depth \"" + depth + "\"");
        }
        return new ImagesOfVms.Wish(
                fields, packing, options.has("i"), depth.isEmpty() ? Integer.MAX_VALUE : Integer.parseInt(depth));
    }

    private static Json.Obj json(Session session, String file) {
        try {
            byte[] text = file.equals("-") ? session.in().readAllBytes() : session.file(file);
            return Json.parseObject(new String(text, StandardCharsets.UTF_8));
        } catch (Json.JsonSyntaxException e) {
            throw new OpException(Code.INVALID, "manifest " + file + " is invalid: " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("read the manifest: " + e, e);
        }
    }

    private static Manifest write(Session session, Getopt options, NewImage image) {
        String prefix = options.value("o").map(directory -> directory + "/").orElse("");
        String title = image.manifest().title();
        session.out("Manifest:\n" + image.manifest().json().pretty().indent(4));
        session.out("Saving image to \"" + prefix + image.fileName() + "\"\n");
        try (CallerFile file = new CallerFile(session, prefix + image.fileName());
                CallerFile about = new CallerFile(session, prefix + image.manifestName());
                OutputStream out = new BufferedOutputStream(file.out(), BUFFER)) {
            Manifest complete = image.write(out);
            about.out().write((complete.json().pretty() + "\n").getBytes(StandardCharsets.UTF_8));
            file.keep();
            about.keep();
            session.out("Image " + title + " was created in \"" + prefix + image.fileName() + "\" ("
                    + NewImage.size(complete).human() + ")\n");
            return complete;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private UUID vm(String word) {
        try {
            return vms.get(vms.resolve(word))
                    .string("uuid")
                    .map(UUID::fromString)
                    .orElseThrow();
        } catch (OpException e) {
            throw e.code() == Code.NOT_FOUND ? new ImageException(ImageError.VM_NOT_FOUND, e.getMessage(), e) : e;
        }
    }
}
