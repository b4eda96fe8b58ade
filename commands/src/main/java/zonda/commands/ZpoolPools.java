package zonda.commands;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.DatasetOptions;
import zonda.storage.ImportablePool;
import zonda.storage.NewPool;
import zonda.storage.Pool;
import zonda.storage.PoolRegistry;

/** The verbs of zpool(8) by which pools come and go. */
final class ZpoolPools {
    private static final int NAME_WIDTH = 10;

    private final PoolRegistry registry;

    ZpoolPools(PoolRegistry registry) {
        this.registry = registry;
    }

    void create(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "f n d o= O= m= R= t=");
        List<String> operands = options.operands();
        if (operands.isEmpty()) {
            throw new OpException(Code.USAGE, "missing pool name argument");
        }
        if (operands.size() < 2) {
            throw new OpException(Code.USAGE, "missing vdev specification");
        }
        ZpoolVdevs vdevs = ZpoolVdevs.parse(session, operands.subList(1, operands.size()));
        String name = operands.getFirst();
        NewPool wanted = new NewPool(
                name, vdevs.devices(), vdevs.copies(), rootOptions(name, options), altroot(options), options.has("f"));
        if (options.has("n")) {
            registry.check(wanted);
            session.out("would create '" + name + "' with the following layout:\n\n\t" + name + "\n" + vdevs.layout());
            return;
        }
        registry.create(wanted);
    }

    private static DatasetOptions rootOptions(String name, Getopt options) {
        DatasetOptions made = ZfsChanging.options("btrfs", name, options.values("O"));
        return options.value("m")
                .map(value -> made.mountpoint(ZfsChanging.mountpoint(value)))
                .orElse(made);
    }

    /** Of the properties that a pool gets when it is made or imported, the one that there is here. */
    private static Optional<Path> altroot(Getopt options) {
        Optional<Path> altroot = options.value("R").map(Path::of);
        for (String assignment : options.values("o")) {
            ZfsChanging.Assignment set = ZfsChanging.Assignment.parse(assignment);
            if (set.property().equals("altroot")) {
                altroot = Optional.of(Path.of(set.value()));
            } else if (!(set.property().equals("ashift") && List.of("0", "12").contains(set.value()))) {
                throw new OpException(
                        Code.NOT_SUPPORTED,
                        "property '" + set.property() + "' is not supported by the driver btrfs; altroot is");
            }
        }
        if (altroot.isPresent() && !altroot.get().isAbsolute()) {
            throw new OpException(Code.INVALID, "bad alternate root '" + altroot.get() + "': must be an absolute path");
        }
        return altroot;
    }

    void destroy(List<String> arguments) {
        registry.destroy(only(Getopt.parse(arguments, "f")));
    }

    private static String only(Getopt options) {
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing pool argument");
        }
        if (options.operands().size() > 1) {
            throw new OpException(Code.USAGE, "too many arguments");
        }
        return options.operands().getFirst();
    }

    void export(List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "a f");
        if (options.operands().isEmpty() && !options.has("a")) {
            throw new OpException(Code.USAGE, "missing pool argument");
        }
        List<String> names = options.has("a")
                ? registry.pools().stream()
                        .skip(1)
                        .map(pool -> pool.config().name())
                        .toList()
                : options.operands();
        names.forEach(registry::export);
    }

    void importPools(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "a d= f N o= R= m F n D l s t c= rebuild");
        for (String option : List.of("D", "c", "t", "F")) {
            if (options.has(option)) {
                throw new OpException(
                        Code.NOT_SUPPORTED,
                        "cannot import: option -" + option + " is not supported by the driver btrfs");
            }
        }
        List<Path> places = options.values("d").stream().map(session::path).toList();
        List<String> operands = options.operands();
        if (operands.size() > 2) {
            throw new OpException(Code.USAGE, "too many arguments");
        }
        List<ImportablePool> found = registry.importable(places);
        if (operands.isEmpty() && !options.has("a")) {
            list(session, found);
            return;
        }
        if (operands.isEmpty()) {
            found.forEach(pool -> importPool(pool, pool.name(), options));
            return;
        }
        String asked = operands.getFirst();
        List<ImportablePool> meant = found.stream()
                .filter(pool -> pool.name().equals(asked) || pool.id().equals(asked))
                .toList();
        if (meant.isEmpty()) {
            throw new OpException(Code.NOT_FOUND, "cannot import '" + asked + "': no such pool available");
        }
        if (meant.size() > 1) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot import '" + asked + "': more than one matching pool\nimport by numeric ID instead");
        }
        importPool(
                meant.getFirst(),
                operands.size() > 1 ? operands.get(1) : meant.getFirst().name(),
                options);
    }

    private Pool importPool(ImportablePool pool, String name, Getopt options) {
        return registry.importPool(
                pool, name, new PoolRegistry.Importing(altroot(options), !options.has("N"), options.has("rebuild")));
    }

    private static void list(Session session, List<ImportablePool> found) {
        if (found.isEmpty()) {
            session.err("no pools available to import");
            return;
        }
        List<String> texts = new ArrayList<>();
        for (ImportablePool pool : found) {
            String state = pool.isComplete() ? "ONLINE" : "DEGRADED";
            var text = new StringBuilder(
                    "  pool: " + pool.name() + "\n    id: " + pool.id() + "\n state: " + state + "\n");
            text.append(
                    pool.isComplete()
                            ? "action: The pool can be imported using its name or numeric identifier.\n"
                            : "status: One or more devices are missing from the system.\n"
                                    + "action: The pool can be imported if what is missing has copies elsewhere.\n");
            text.append("config:\n\n");
            int width = Math.max(
                    NAME_WIDTH,
                    pool.members().stream()
                            .mapToInt(member -> 2 + member.toString().length())
                            .max()
                            .orElse(0));
            text.append("\t%s  %s\n".formatted(padded(pool.name(), width), state));
            pool.members()
                    .forEach(member -> text.append("\t  %s  ONLINE\n".formatted(padded(member.toString(), width - 2))));
            texts.add(text.toString());
        }
        session.out(String.join("\n", texts));
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }
}
