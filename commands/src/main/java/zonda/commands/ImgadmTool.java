package zonda.commands;

import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.images.HostImages;
import zonda.images.ImageException;
import zonda.vm.Vms;

/** imgadm(8): picks the verb, and words failures as imgadm does. */
public final class ImgadmTool implements Tool {
    private static final Map<String, String> ALIASES = Map.of("info", "get", "destroy", "delete");
    private static final List<String> LATER = List.of("reinstall");

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
        List<String> arguments = session.arguments().stream()
                .dropWhile(word -> List.of("-v", "--verbose", "-E").contains(word))
                .toList();
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
            session.err(e.line(verb));
            return e.code().exitStatus();
        } catch (OpException e) {
            String label = switch (e.code()) {
                case USAGE -> "Usage";
                case NOT_SUPPORTED -> "NotSupported";
                default -> "InternalError";
            };
            session.err("imgadm " + verb + ": error (" + label + "): " + e.getMessage());
            return e.code().exitStatus();
        }
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
                                : "unknown command: \"" + verb + "\"");
        }
    }
}
