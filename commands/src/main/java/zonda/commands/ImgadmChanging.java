package zonda.commands;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.images.Appliances;
import zonda.images.Creations;
import zonda.images.HostImages;
import zonda.images.Images;
import zonda.images.Imports;
import zonda.images.InstalledImage;
import zonda.images.Manifest;
import zonda.images.Progress;
import zonda.images.ProgressText;
import zonda.images.Source;
import zonda.vm.Vms;

/** The commands of imgadm that bring, make and remove images and sources. */
final class ImgadmChanging {
    private static final int WIDTH = 80;

    private final HostImages images;
    private final InstantSource clock;
    private final Vms vms;

    ImgadmChanging(HostImages images, Vms vms, InstantSource clock) {
        this.vms = vms;
        this.images = images;
        this.clock = clock;
    }

    void sources(Session session, List<String> arguments) {
        Getopt options =
                Getopt.parse(arguments, "a|add= d|delete= t= k|insecure f c|check j|json v e|edit add-docker-hub");
        if (options.has("e")) {
            session.out(ImgadmEditing.sources(session, images.first().sources(), options.has("f")) + "\n");
            return;
        }
        Source.Type type = options.value("t").map(Source.Type::parse).orElse(Source.Type.IMGAPI);
        options.values("a")
                .forEach(url -> session.out(
                        images.first().sources().add(new Source(url, type, options.has("k")), options.has("f"))
                                + "\n"));
        options.values("d").forEach(url -> session.out(images.first().sources().delete(url) + "\n"));
        if (options.has("add-docker-hub")) {
            session.out(images.first().sources().add(zonda.images.Sources.DOCKER_HUB, options.has("f")) + "\n");
        }
        if (options.has("c")) {
            images.first().sources().check().forEach(line -> session.out(line + "\n"));
        }
        boolean changed = options.has("a") || options.has("d") || options.has("c") || options.has("add-docker-hub");
        if (!changed) {
            List<Source> all = images.first().sources().list();
            session.out(
                    options.has("j")
                            ? Json.Arr.of(all.stream().map(Source::json)).pretty() + "\n"
                            : String.join(
                                    "",
                                    all.stream()
                                            .map(source -> line(source, options.has("v")))
                                            .toList()));
        }
    }

    private static String line(Source source, boolean verbose) {
        return source.shown() + (verbose ? " " + source.type().word() : "") + "\n";
    }

    void importImage(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "C= P= q|quiet S|source= t= k|insecure zstream");
        String image = one(options, "which image? give a UUID or the name of an OCI image");
        List<Source> only = options.values("S").stream()
                .map(url -> new Source(
                        url,
                        options.value("t")
                                .map(Source.Type::parse)
                                .orElse(image.matches("[0-9a-f-]{36}") ? Source.Type.IMGAPI : Source.Type.DOCKER),
                        options.has("k")))
                .toList();
        List<Source> asked = options.value("C")
                .map(channel -> (only.isEmpty() ? images.first().sources().list() : only)
                        .stream().map(source -> source.inChannel(channel)).toList())
                .orElse(only);
        var request = new Imports.Request(absolute(session, image), asked, credentials(session));
        Images pool = pool(options);
        withProgress(session, options.has("q"), progress -> pool.imports().run(request, progress));
    }

    /** What the caller's docker or podman logged in with, if it did. */
    private static Json.Obj credentials(Session session) {
        for (String file : List.of("/root/.docker/config.json", "/run/containers/0/auth.json")) {
            try {
                return Json.parseObject(new String(session.file(file), StandardCharsets.UTF_8));
            } catch (OpException | Json.JsonSyntaxException e) {
                // None there, or not readable: then without.
            }
        }
        return Json.Obj.EMPTY;
    }

    /** A local archive's path as the caller meant it. */
    private static String absolute(Session session, String image) {
        for (String kind : List.of("oci:", "oci-archive:", "docker-archive:")) {
            if (image.startsWith(kind)) {
                return kind + session.path(image.substring(kind.length()));
            }
        }
        return image;
    }

    void install(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "m= f= P= q|quiet");
        String manifestFile =
                options.value("m").orElseThrow(() -> new OpException(Code.USAGE, "-m <manifest> is missing"));
        String file = options.value("f").orElseThrow(() -> new OpException(Code.USAGE, "-f <file> is missing"));
        Manifest manifest = Manifest.parse(new String(session.file(manifestFile), StandardCharsets.UTF_8));
        Images pool = pool(options);
        withProgress(session, options.has("q"), progress -> {
            try (InputStream in = session.fileStream(file)) {
                pool.imports().install(manifest, in, progress);
            } catch (IOException e) {
                throw new OpException(Code.FAILED, String.valueOf(e.getMessage()), e);
            }
        });
    }

    void create(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(
                arguments,
                "debian= vm include= busybox from= payload= P= q|quiet m|manifest= o|output= c|compression= i|incremental p|publish= s= k|insecure max-origin-depth=");
        long ways = Stream.of("busybox", "debian", "from").filter(options::has).count();
        boolean ofVm = ways == 0;
        if ((options.has("vm") || options.has("include")) && !options.has("debian")) {
            throw new OpException(Code.USAGE, "--vm and --include go with --debian SUITE");
        }
        boolean isAppliance =
                options.value("from").map(Path::of).filter(Appliances::is).isPresent();
        if (options.has("payload") && !isAppliance) {
            throw new OpException(Code.USAGE, "--payload goes with --from of an .ova or .ovf file");
        }
        if (ways > 1 || (ofVm && options.operands().isEmpty())) {
            throw new OpException(
                    Code.USAGE, "what to make the image of? give a VM, --from DISK, --debian SUITE or --busybox");
        }
        if (ofVm) {
            var creating = new ImgadmCreate(images, vms);
            if (options.has("p")) {
                withProgress(session, options.has("q"), progress -> creating.publish(session, options, progress));
            } else {
                creating.create(session, options);
            }
            return;
        }
        Creations.Fields fields = Creations.Fields.parse(options.operands());
        Images pool = pool(options);
        withProgress(session, options.has("q"), progress -> {
            if (options.has("busybox")) {
                pool.creations().busybox(fields, progress);
            } else if (isAppliance) {
                appliance(session, options, pool, fields, progress);
            } else if (options.has("from")) {
                pool.creations().disk(session.path(options.value("from").orElseThrow()), fields, progress);
            } else {
                debian(options, pool.creations(), fields, progress);
            }
        });
    }

    private static void appliance(
            Session session, Getopt options, Images pool, Creations.Fields fields, Progress progress) {
        Path file = session.path(options.value("from").orElseThrow());
        String payload = pool.appliances().create(file, fields, progress).pretty() + "\n";
        if (options.has("payload")) {
            session.write(options.value("payload").orElseThrow(), payload, false);
        } else {
            session.out("Payload:\n" + payload.indent(4));
        }
    }

    private static void debian(Getopt options, Creations creations, Creations.Fields fields, Progress progress) {
        List<String> include = new ArrayList<>();
        options.values("include").forEach(list -> include.addAll(Arrays.asList(list.split(","))));
        var debian = new Creations.Debian(options.value("debian").orElseThrow(), include);
        if (options.has("vm")) {
            creations.debianMachine(debian, fields, progress);
        } else {
            creations.debian(debian, fields, progress);
        }
    }

    void update(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "n|dry-run");
        List<UUID> asked = options.operands().stream()
                .map(word -> images.resolve(word, Optional.empty()))
                .toList();
        asked.stream()
                .filter(uuid ->
                        images.all().stream().noneMatch(pool -> pool.find(uuid).isPresent()))
                .findFirst()
                .ifPresent(images.first()::get);
        withProgress(session, false, progress -> {
            int changed = 0;
            for (Images pool : images.all()) {
                List<UUID> there = asked.stream()
                        .filter(uuid -> pool.find(uuid).isPresent())
                        .toList();
                if (asked.isEmpty() || !there.isEmpty()) {
                    changed += pool.refreshing().update(there, options.has("n"), progress);
                }
            }
            if (changed == 0) {
                progress.say("All images are as their sources have them");
            }
        });
    }

    void publish(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "m= f= q|quiet k|insecure");
        Source server = new Source(one(options, "to which server? give one URL"), Source.Type.IMGAPI, options.has("k"));
        String manifestFile =
                options.value("m").orElseThrow(() -> new OpException(Code.USAGE, "-m <manifest> is missing"));
        String file = options.value("f").orElseThrow(() -> new OpException(Code.USAGE, "-f <file> is missing"));
        Manifest manifest = Manifest.parse(new String(session.file(manifestFile), StandardCharsets.UTF_8));
        withProgress(
                session,
                options.has("q"),
                progress ->
                        images.first().publisher(server).publish(manifest, () -> session.fileStream(file), progress));
    }

    void delete(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "P=");
        UUID uuid = images.resolve(one(options, "which image? give one UUID"), options.value("P"));
        session.out(images.holding(uuid, options.value("P")).delete(uuid) + "\n");
    }

    /** Removes the images that nothing was made from, and their origins when these are left so, after asking. */
    void vacuum(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "n|dry-run f|force");
        if (!options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "vacuum takes no arguments");
        }
        List<InstalledImage> unused = unused();
        if (unused.isEmpty()) {
            session.out("No unused images to delete\n");
            return;
        }
        if (options.has("n")) {
            unused.forEach(image -> session.out("[dry-run] Deleted image " + title(image) + "\n"));
            return;
        }
        if (!options.has("f") && !isConfirmed(session, unused)) {
            session.out("Aborting\n");
            return;
        }
        while (!unused.isEmpty()) {
            for (InstalledImage image : unused) {
                images.of(image.zpool()).delete(image.uuid());
                session.out("Deleted image " + title(image) + "\n");
            }
            unused = unused();
        }
    }

    private List<InstalledImage> unused() {
        return images.all().stream().flatMap(pool -> pool.unused().stream()).toList();
    }

    private static boolean isConfirmed(Session session, List<InstalledImage> unused) {
        session.out("This will delete the following images:\n");
        unused.forEach(image -> session.out("    " + title(image) + "\n"));
        session.out("Are you sure you want to delete " + unused.size() + " image" + (unused.size() == 1 ? "" : "s")
                + "? [y/N] ");
        try {
            int answer = session.in().read();
            return answer == 'y' || answer == 'Y';
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "read standard input: " + e.getMessage(), e);
        }
    }

    private static String title(InstalledImage image) {
        Manifest manifest = image.manifest();
        return image.uuid() + " (" + manifest.name() + "@" + manifest.version() + ")";
    }

    /** Those of the pool that -P names. */
    private Images pool(Getopt options) {
        return options.value("P").map(images::of).orElseGet(images::first);
    }

    private static String one(Getopt options, String otherwise) {
        if (options.operands().size() != 1) {
            throw new OpException(Code.USAGE, otherwise);
        }
        return options.operands().getFirst();
    }

    /**
     * What is done is said on standard output, as scripts read it there; how it goes is shown on standard error, unless
     * that is not wanted. Steps of unknown size turn a spinner.
     */
    private void withProgress(Session session, boolean quiet, Consumer<Progress> work) {
        if (quiet) {
            work.accept(new Said(session));
            return;
        }
        var form = new ProgressText.Form(session.errorIsTerminal(), WIDTH);
        var text = new ProgressText(form, clock, session::errRaw, session::out);
        try (var ticker =
                Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().factory())) {
            ticker.scheduleAtFixedRate(text::tick, 200, 200, TimeUnit.MILLISECONDS);
            try {
                work.accept(text);
            } finally {
                ticker.shutdownNow();
            }
        }
    }

    /** What is done, and not how it goes. */
    private record Said(Session session) implements Progress {
        @Override
        public void say(String line) {
            session.out(line + "\n");
        }

        @Override
        public Step begin(String name, long total) {
            return _ -> {};
        }
    }
}
