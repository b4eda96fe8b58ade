package zonda.commands;

import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.images.HostImages;
import zonda.images.ImageException;
import zonda.vm.Vms;

/** imgadm(8): picks the verb, and words failures as imgadm does. */
public final class ImgadmTool implements Tool {
    private static final Map<String, String> ALIASES = Map.of("info", "get", "destroy", "delete");
    private static final List<String> LATER = List.of("reinstall");
    private static final String UNKNOWN = "unknown command: \"";
    private static final Path HOSTNAME = Path.of("/proc/sys/kernel/hostname");

    /** Bunyan's. */
    private static final int ERROR_LEVEL = 50;

    private final HostImages images;
    private final InstantSource clock;
    private final Vms vms;

    public ImgadmTool(HostImages images, Vms vms, InstantSource clock) {
        this.vms = vms;
        this.images = images;
        this.clock = clock;
    }

    @Override
    public String name() {
        return "imgadm";
    }

    @Override
    public int run(Session session) {
        List<String> globals = session.arguments().stream()
                .takeWhile(List.of("-v", "--verbose", "-E")::contains)
                .toList();
        List<String> arguments =
                session.arguments().subList(globals.size(), session.arguments().size());
        boolean structured = globals.contains("-E");
        if (arguments.isEmpty() && structured) {
            return complain(session, true, "", new Complaint("NoCommand", "no command given", Code.USAGE));
        }
        if (arguments.isEmpty() || List.of("-h", "--help", "help").contains(arguments.getFirst())) {
            session.out(ImgadmUsage.TEXT);
            return 0;
        }
        if (arguments.getFirst().equals("--version")) {
            session.out("imgadm 3.0.0 (Zonda)\n");
            return 0;
        }
        String verb = ALIASES.getOrDefault(arguments.getFirst(), arguments.getFirst());
        try {
            run(verb, session, arguments.subList(1, arguments.size()));
            return 0;
        } catch (ImageException e) {
            return complain(session, structured, verb, new Complaint(e.error().label(), e.getMessage(), e.code()));
        } catch (OpException e) {
            return complain(session, structured, verb, Complaint.of(e));
        }
    }

    /** What the caller's system said of a file. */
    private static final Pattern OF_FILES = Pattern.compile(
            "\\((No such file or directory|Permission denied|(Is|Not) a directory|No space left.*)\\)$");

    /** Why a command failed. @param label that scripts know it by */
    private record Complaint(String label, String message, Code code) {
        static Complaint of(OpException e) {
            String label = switch (e.code()) {
                case USAGE -> e.getMessage().startsWith(UNKNOWN) ? "UnknownCommand" : "Usage";
                case NOT_SUPPORTED -> "NotSupported";
                default -> OF_FILES.matcher(String.valueOf(e.getMessage())).find() ? "FileSystem" : "InternalError";
            };
            return new Complaint(label, String.valueOf(e.getMessage()), e.code());
        }

        /** As a record of bunyan's, which a program finds on the last line. */
        Json.Obj record(Instant when) {
            return Json.object()
                    .with("name", "imgadm")
                    .with("hostname", StateFile.read(HOSTNAME).orElse("").strip())
                    .with("pid", ProcessHandle.current().pid())
                    .with("level", ERROR_LEVEL)
                    .with(
                            "err",
                            Json.object()
                                    .with("message", message)
                                    .with("name", label + "Error")
                                    .with("code", label))
                    .with("msg", message)
                    .with("time", when.toString())
                    .with("v", 0);
        }
    }

    private int complain(Session session, boolean structured, String verb, Complaint complaint) {
        session.err("imgadm " + verb + (verb.isEmpty() ? "" : ": ") + "error (" + complaint.label() + "): "
                + complaint.message());
        if (structured) {
            session.err(complaint.record(clock.instant()).compact());
        }
        return complaint.code().exitStatus();
    }

    private void run(String verb, Session session, List<String> arguments) {
        var listing = new ImgadmListing(images);
        var changing = new ImgadmChanging(images, vms, clock);
        switch (verb) {
            case "sources" -> changing.sources(session, arguments);
            case "avail" -> listing.avail(session, arguments);
            case "list" -> listing.list(session, arguments);
            case "ancestry" -> listing.ancestry(session, arguments);
            case "get" -> listing.get(session, arguments);
            case "show" -> listing.show(session, arguments);
            case "import" -> changing.importImage(session, arguments);
            case "install" -> changing.install(session, arguments);
            case "delete" -> changing.delete(session, arguments);
            case "vacuum" -> changing.vacuum(session, arguments);
            case "update" -> changing.update(session, arguments);
            case "publish" -> changing.publish(session, arguments);
            case "serve" -> ImgadmServe.serve(session, Getopt.parse(arguments, "w l|listen="), images);
            case "create" -> changing.create(session, arguments);
            default ->
                throw new OpException(
                        LATER.contains(verb) ? Code.NOT_SUPPORTED : Code.USAGE,
                        LATER.contains(verb)
                                ? "imgadm " + verb + " is not supported by this version of Zonda"
                                : UNKNOWN + verb + "\"");
        }
    }
}
