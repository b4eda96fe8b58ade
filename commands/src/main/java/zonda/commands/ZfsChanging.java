package zonda.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Caller;
import zonda.storage.Dataset;
import zonda.storage.DatasetOptions;
import zonda.storage.Datasets;
import zonda.storage.Mountpoint;
import zonda.storage.Tuning;
import zonda.storage.VolumeShape;

/** The verbs of zfs(8) that change something. */
final class ZfsChanging {
    // As Getopt has them; what may be done is decided by the same reading of the words.
    static final String CREATE = "p u o= V= s b=";
    static final String COPY = "p o=";
    static final String RENAME = "p u f r";
    static final String ROLLBACK = "r R f";
    static final String INHERIT = "r S";
    static final String MOUNT = "a v O";

    private final Datasets datasets;
    private final ZfsSnapshots snapshots;
    private final Caller maker;

    /** @param maker whose the datasets are that are made */
    ZfsChanging(Datasets datasets, ZfsSnapshots snapshots, Caller maker) {
        this.datasets = datasets;
        this.snapshots = snapshots;
        this.maker = maker;
    }

    void create(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, CREATE);
        boolean volume = options.has("V");
        if (!volume && (options.has("s") || options.has("b"))) {
            throw new OpException(Code.USAGE, "'-s' and '-b' can only be used when creating a volume");
        }
        String name = one(options, volume ? "volume" : "filesystem");
        if (options.has("p")) {
            if (datasets.find(name).isPresent()) {
                return;
            }
            makeParents(name);
        }
        make(name, volume ? volume(name, options) : options(name, options));
        if (!volume) {
            tellUnmounted(session, "created");
        }
    }

    private void make(String name, DatasetOptions options) {
        if (maker.isRoot()) {
            datasets.create(name, options);
        } else {
            datasets.delegating().create(maker, name, options);
        }
    }

    /** Who is not root makes what root, or the next start, mounts; that is what OpenZFS says and ends with on Linux. */
    private void tellUnmounted(Session session, String done) {
        if (!maker.isRoot()) {
            ZpoolHistory.note(session, "zfs", datasets.history());
            throw new OpException(
                    Code.DENIED, "filesystem successfully " + done + ", but it may only be mounted by root");
        }
    }

    /** A volume has its space reserved unless {@code -s} or a property says otherwise. */
    private DatasetOptions volume(String name, Getopt options) {
        VolumeShape shape = shape(name, options);
        DatasetOptions made =
                options(datasets.driverName(), name, options.values("o"), DatasetOptions.DEFAULT.volume(shape));
        boolean said = options.values("o").stream()
                .map(Assignment::parse)
                .anyMatch(set -> set.property().equals("refreservation")
                        || set.property().equals("reservation"));
        return options.has("s") || said
                ? made
                : made.allotment(made.allotment().refreservation(Optional.of(shape.reservation())));
    }

    private VolumeShape shape(String name, Getopt options) {
        var size = ZfsNumbers.parse(options.value("V").orElseThrow());
        int block = options.value("b")
                .map(text ->
                        (int) Math.min(Integer.MAX_VALUE, ZfsNumbers.parse(text).value()))
                .orElse(VolumeShape.USUAL_BLOCK);
        try {
            return VolumeShape.of(size, block);
        } catch (OpException e) {
            throw new OpException(e.code(), "cannot create '" + name + "': " + e.getMessage(), e);
        }
    }

    private void makeParents(String name) {
        for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
            String parent = name.substring(0, slash);
            if (datasets.find(parent).isEmpty()) {
                make(parent, DatasetOptions.DEFAULT);
            }
        }
    }

    private DatasetOptions options(String name, Getopt options) {
        return options(datasets.driverName(), name, options.values("o"));
    }

    /**
     * What a new dataset shall be.
     *
     * @param driver what that of its pool is called
     * @param assignments {@code property=value} each
     */
    static DatasetOptions options(String driver, String name, List<String> assignments) {
        return options(driver, name, assignments, DatasetOptions.DEFAULT);
    }

    private static DatasetOptions options(String driver, String name, List<String> assignments, DatasetOptions begun) {
        DatasetOptions made = begun;
        for (String assignment : assignments) {
            Assignment set = Assignment.parse(assignment);
            made = switch (set.property()) {
                case "quota" -> set.limit().map(made::quota).orElse(made);
                case "reservation", "refreservation", "filesystem_limit", "snapshot_limit" ->
                    made.allotment(ZfsAllotment.with(made.allotment(), set, made.volume()));
                case "mountpoint" -> made.mountpoint(mountpoint(set.value()));
                case "compression" -> made.tuning(compression(name, made.tuning(), set.value()));
                default -> {
                    requireUser(driver, name, set.property());
                    yield made.property(set.property(), set.value());
                }
            };
        }
        return made;
    }

    static Tuning compression(String dataset, Tuning tuning, String value) {
        try {
            return tuning.compression(Optional.of(value));
        } catch (OpException e) {
            throw new OpException(e.code(), "cannot set property for '" + dataset + "': " + e.getMessage(), e);
        }
    }

    static Mountpoint mountpoint(String value) {
        if (!value.startsWith("/") && !value.equals("none") && !value.equals("legacy")) {
            throw new OpException(
                    Code.INVALID, "bad mountpoint '" + value + "': must be an absolute path, 'legacy', or 'none'");
        }
        return Mountpoint.parse(value);
    }

    static void requireUser(String driver, String dataset, String property) {
        if (property.indexOf(':') < 0) {
            throw new OpException(
                    Code.NOT_SUPPORTED,
                    "cannot set property for '" + dataset + "': '" + property
                            + "' is not supported by the driver " + driver
                            + "; compression, quota, reservations, limits, volsize and user properties are");
        }
    }

    void copy(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, COPY);
        if (options.operands().size() != 2) {
            throw new OpException(Code.USAGE, "missing source or target dataset argument");
        }
        String name = options.operands().get(1);
        if (options.has("p")) {
            makeParents(name);
        }
        String snapshot = options.operands().getFirst();
        if (maker.isRoot()) {
            datasets.clone(snapshot, name, options(name, options));
        } else {
            datasets.delegating().clone(maker, snapshot, name, options(name, options));
            if (datasets.volumeShape(name).isEmpty()) {
                tellUnmounted(session, "created");
            }
        }
    }

    void rename(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, RENAME);
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing source dataset argument");
        }
        if (options.operands().size() == 1) {
            throw new OpException(Code.USAGE, "missing target dataset argument");
        }
        if (options.operands().size() > 2) {
            throw new OpException(Code.USAGE, "too many arguments");
        }
        String from = options.operands().getFirst();
        String to = options.operands().get(1);
        if (options.has("r") && options.has("p")) {
            throw new OpException(Code.USAGE, "-p and -r options are mutually exclusive");
        }
        if (from.indexOf('@') >= 0) {
            snapshots.rename(from, to, options.has("r"));
            return;
        }
        if (options.has("r")) {
            throw new OpException(Code.USAGE, "source dataset must be a snapshot");
        }
        if (options.has("p") && to.lastIndexOf('/') > 0) {
            makeParents(to);
        }
        datasets.rename(from, to);
    }

    void promote(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "");
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing clone filesystem argument");
        }
        datasets.promote(one(options, "clone filesystem"));
    }

    void rollback(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, ROLLBACK);
        String snapshot = one(options, "dataset");
        if (options.has("R")) {
            datasets.rollbackWithClones(snapshot);
        } else {
            datasets.rollback(snapshot, options.has("r"));
        }
    }

    void set(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "");
        List<String> words = options.operands();
        List<String> assignments =
                words.stream().filter(word -> word.indexOf('=') > 0).toList();
        List<String> names =
                words.stream().filter(word -> word.indexOf('=') <= 0).toList();
        if (assignments.isEmpty()) {
            throw new OpException(Code.USAGE, "missing property=value argument(s)");
        }
        if (names.isEmpty()) {
            throw new OpException(Code.USAGE, "missing dataset name(s)");
        }
        for (String name : names) {
            datasets.properties(name, List.of());
            for (String assignment : assignments) {
                set(name, Assignment.parse(assignment));
            }
        }
    }

    private void set(String name, Assignment set) {
        if (name.indexOf('@') >= 0) {
            if (set.property().indexOf(':') < 0) {
                throw new OpException(
                        Code.INVALID,
                        "cannot set property for '" + name + "': this property can not be modified for snapshots");
            }
            datasets.setSnapshotProperty(name, set.property(), set.value());
        } else if (set.property().equals("quota")) {
            datasets.setQuota(name, set.limit());
        } else if (ZfsAllotment.has(set.property())) {
            setAllotment(name, set);
        } else if (set.property().equals("compression")) {
            datasets.setTuning(name, old -> compression(name, old, set.value()));
        } else if (set.property().equals("volsize")) {
            datasets.setVolumeSize(name, ZfsNumbers.parse(set.value()));
        } else {
            requireUser(datasets.driverName(), name, set.property());
            datasets.setProperty(name, set.property(), set.value());
        }
    }

    private void setAllotment(String name, Assignment set) {
        Optional<VolumeShape> shape = datasets.volumeShape(name);
        if (shape.isPresent() && set.property().equals("filesystem_limit")) {
            throw new OpException(
                    Code.INVALID,
                    "cannot set property for '" + name
                            + "': 'filesystem_limit' does not apply to datasets of this type");
        }
        datasets.setAllotment(name, old -> ZfsAllotment.with(old, set, shape));
    }

    void inherit(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, INHERIT);
        if (options.operands().size() < 2) {
            throw new OpException(Code.USAGE, "missing property or dataset argument");
        }
        String property = options.operands().getFirst();
        for (String name : options.operands().subList(1, options.operands().size())) {
            datasets.properties(name, List.of());
            boolean isCompression = property.equals("compression");
            if (property.indexOf(':') < 0 && !isCompression) {
                throw new OpException(
                        Code.INVALID,
                        "'" + property + "' property cannot be inherited, use 'zfs set " + property + "=none'");
            }
            if (name.indexOf('@') >= 0 && isCompression) {
                throw new OpException(Code.INVALID, "'compression' property is not inheritable for snapshots");
            }
            if (name.indexOf('@') >= 0) {
                datasets.unsetSnapshotProperty(name, property);
                continue;
            }
            List<Dataset> all =
                    options.has("r") ? datasets.list(name) : datasets.list(name).subList(0, 1);
            for (Dataset dataset : all) {
                if (isCompression) {
                    datasets.setTuning(dataset.name(), old -> old.compression(Optional.empty()));
                } else {
                    datasets.unsetProperty(dataset.name(), property);
                }
            }
        }
    }

    void mount(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, MOUNT);
        if (options.has("a")) {
            datasets.list().stream()
                    .filter(dataset -> dataset.mountpoint().isPresent())
                    .forEach(dataset -> datasets.mount(dataset.name()));
            return;
        }
        if (options.operands().isEmpty()) {
            List<List<String>> mounted = new ArrayList<>();
            for (Dataset dataset : datasets.list()) {
                dataset.mountpoint()
                        .filter(_ -> dataset.mounted())
                        .ifPresent(at -> mounted.add(List.of(dataset.name(), at.toString())));
            }
            mounted.forEach(row -> session.out("%-30s  %s\n".formatted(row.getFirst(), row.get(1))));
            return;
        }
        datasets.mount(one(options, "dataset"));
    }

    void unmount(Session session, List<String> arguments) {
        datasets.unmount(one(Getopt.parse(arguments, "f u"), "dataset"));
    }

    /** The only operand. */
    static String one(Getopt options, String what) {
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing " + what + " argument");
        }
        if (options.operands().size() > 1) {
            throw new OpException(Code.USAGE, "too many arguments");
        }
        return options.operands().getFirst();
    }

    /** {@code property=value}. */
    record Assignment(String property, String value) {
        static Assignment parse(String text) {
            int equals = text.indexOf('=');
            if (equals <= 0) {
                throw new OpException(Code.USAGE, "missing '=' for property=value argument: '" + text + "'");
            }
            return new Assignment(ZfsPropertyNames.of(text.substring(0, equals)), text.substring(equals + 1));
        }

        /** A limit; empty for none. */
        Optional<Bytes> limit() {
            return value.equals("none") || value.equals("0") ? Optional.empty() : Optional.of(ZfsNumbers.parse(value));
        }
    }
}
