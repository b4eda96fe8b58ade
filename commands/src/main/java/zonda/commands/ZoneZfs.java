package zonda.commands;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.client.Frame;
import zonda.storage.Caller;
import zonda.storage.Dataset;
import zonda.storage.DatasetProperty;
import zonda.storage.DatasetProperty.Source;
import zonda.storage.DatasetProperty.Value;
import zonda.vm.Delegation;
import zonda.vm.Vms;

/**
 * zfs(8) for zones: a request that came from the root of a zone goes through {@link ZoneZfsGate}, is done by the same tool
 * as the host's, and is answered in pieces. How that looks says the script {@code /native/usr/sbin/zfs}.
 */
public final class ZoneZfs {
    private static final System.Logger LOG = System.getLogger(ZoneZfs.class.getName());
    private static final int LONGEST_LINE = 8192;
    private static final int LONGEST_REQUEST = 16 << 10;

    private final Vms vms;

    public ZoneZfs(Vms vms) {
        this.vms = vms;
    }

    /** Reads a request, and answers it. @param uid the host's id of who asks */
    public void serve(UUID zone, int uid, InputStream in, OutputStream out) throws IOException {
        List<String> words = request(in);
        int status = run(zone, words, session(words, uid, out));
        out.write(("X " + status + "\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    private static List<String> request(InputStream in) throws IOException {
        var request = new ZoneRequest(in, LONGEST_LINE, LONGEST_REQUEST);
        String first = request.line();
        if (!first.matches("ZFS 1 [0-9]{1,3}")) {
            throw new IOException("not a request: " + first);
        }
        return request.words(Integer.parseInt(first.substring(6)));
    }

    /** The words are in the pool's history and in listings, where a line of the zone's making could pass for another. */
    private static void requirePrintable(List<String> words) {
        if (words.stream().anyMatch(word -> word.chars().anyMatch(Character::isISOControl))) {
            throw new OpException(Code.INVALID, "control characters are not allowed in a zone's commands");
        }
    }

    private static Session session(List<String> words, int uid, OutputStream out) {
        return new Session(
                new Session.Call("zfs", "", "/", words, Map.of()),
                new Caller(uid, Set.of()),
                (type, data, offset, length) -> {
                    if (type != Frame.OUT && type != Frame.ERR) {
                        throw new IOException("a zone's tool can't do this: " + type);
                    }
                    if (length > 0) {
                        synchronized (out) {
                            String head = (type == Frame.OUT ? "O " : "E ") + length + "\n";
                            out.write(head.getBytes(StandardCharsets.US_ASCII));
                            out.write(data, offset, length);
                            out.flush();
                        }
                    }
                });
    }

    private int run(UUID zone, List<String> words, Session session) {
        if (words.isEmpty() || List.of("help", "-?", "--help", "-h").contains(words.getFirst())) {
            return new ZfsTool(List::of).run(session);
        }
        try {
            requirePrintable(words);
            return carryOut(vms.delegations().of(zone), words, session);
        } catch (OpException e) {
            session.err(e.getMessage());
            if (e.code() == Code.USAGE) {
                session.errRaw(ZfsTool.USAGE);
                return Code.USAGE.exitStatus();
            }
            return 1;
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "zfs " + words + " of zone " + zone, e);
            session.err("internal error: the global zone's log has more");
            return 1;
        }
    }

    private static int carryOut(Delegation delegation, List<String> words, Session session) {
        var gate = new ZoneZfsGate(delegation.top(), ZoneZfsGate.Facts.of(delegation.top(), delegation.datasets()));
        List<String> rest = words.subList(1, words.size());
        switch (words.getFirst()) {
            case "mount" -> mount(delegation, gate, session, Getopt.parse(rest, "a v O"));
            case "unmount", "umount" -> unmount(delegation, gate, Getopt.parse(rest, "a f u"));
            default -> {
                return done(delegation, gate.check(words), session);
            }
        }
        return 0;
    }

    private static int done(Delegation delegation, ZoneZfsGate.Allowed allowed, Session session) {
        var tool = new ZfsTool(
                () -> List.of(delegation.datasets()),
                (dataset, property) -> seen(delegation, dataset, property),
                _ -> Caller.ROOT);
        Session same = session.with(allowed.words());
        String verb = allowed.words().getFirst();
        if (Set.of("list", "get", "holds", "send").contains(verb)) {
            return tool.run(same);
        }
        int[] status = {1};
        delegation.around(allowed.hidden(), () -> status[0] = tool.run(same));
        return status[0];
    }

    private static void mount(Delegation delegation, ZoneZfsGate gate, Session session, Getopt options) {
        List<Dataset> all = delegation.all();
        if (options.has("a")) {
            all.stream()
                    .map(Dataset::name)
                    .filter(name -> delegation.place(name).path().isPresent() && !delegation.isShown(name))
                    .forEach(delegation::mount);
        } else if (options.operands().isEmpty()) {
            all.stream()
                    .map(Dataset::name)
                    .filter(delegation::isShown)
                    .forEach(name -> session.out("%-30s  %s\n"
                            .formatted(name, delegation.place(name).path().orElseThrow())));
        } else {
            delegation.mount(known(delegation, gate.within(ZfsChanging.one(options, "dataset"))));
        }
    }

    private static void unmount(Delegation delegation, ZoneZfsGate gate, Getopt options) {
        if (options.has("a")) {
            if (delegation.isShown(delegation.top())) {
                delegation.unmount(delegation.top());
            }
            return;
        }
        String meant = ZfsChanging.one(options, "dataset");
        String name = !meant.startsWith("/")
                ? gate.within(meant)
                : delegation.all().stream()
                        .map(Dataset::name)
                        .filter(one -> delegation.isShown(one)
                                && delegation
                                        .place(one)
                                        .path()
                                        .orElseThrow()
                                        .toString()
                                        .equals(meant))
                        .findFirst()
                        .orElseThrow(() -> new OpException(
                                Code.NOT_FOUND, "cannot unmount '" + meant + "': not a ZFS filesystem"));
        delegation.unmount(known(delegation, name));
    }

    private static String known(Delegation delegation, String name) {
        return delegation.all().stream()
                .filter(dataset -> dataset.name().equals(name) && !dataset.isVolume())
                .map(Dataset::name)
                .findFirst()
                .orElseThrow(
                        () -> new OpException(Code.NOT_FOUND, "cannot open '" + name + "': dataset does not exist"));
    }

    /** As the zone sees it: where it has it itself, and nothing of what is not its own. */
    private static Optional<DatasetProperty> seen(Delegation delegation, String dataset, DatasetProperty property) {
        return switch (property.name()) {
            case "mountpoint" -> Optional.of(mountpoint(delegation, dataset));
            case "mounted" ->
                Optional.of(new DatasetProperty(
                        property.name(),
                        new Value.Text(delegation.isShown(dataset) ? "yes" : "no"),
                        property.source()));
            case "origin", "clones" -> isOwn(delegation, property) ? Optional.of(property) : Optional.empty();
            default ->
                property.name().startsWith("zonda") || isOfTheHost(delegation, property.source())
                        ? Optional.empty()
                        : Optional.of(property);
        };
    }

    private static boolean isOwn(Delegation delegation, DatasetProperty property) {
        return property.value() instanceof Value.Text(String names)
                && List.of(names.split(",")).stream()
                        .allMatch(name -> name.isEmpty() || isWithin(delegation, name.split("@")[0]));
    }

    private static boolean isWithin(Delegation delegation, String dataset) {
        return dataset.equals(delegation.top()) || dataset.startsWith(delegation.top() + "/");
    }

    private static boolean isOfTheHost(Delegation delegation, Source source) {
        return source instanceof Source.Inherited(String from) && !isWithin(delegation, from);
    }

    private static DatasetProperty mountpoint(Delegation delegation, String dataset) {
        Delegation.Place place = delegation.place(dataset);
        Source source = place.saidBy()
                .<Source>map(holder -> holder.equals(dataset) ? new Source.Local() : new Source.Inherited(holder))
                .orElseGet(Source.Default::new);
        String text = place.path().map(Object::toString).orElse("none");
        return new DatasetProperty("mountpoint", new Value.Text(text), source);
    }
}
