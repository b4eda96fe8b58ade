package zonda.commands;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Datasets;
import zonda.storage.ReceiveListener;
import zonda.storage.ReceiveRequest;
import zonda.storage.ReceiveRequest.Naming;
import zonda.storage.Tuning;
import zonda.zstream.StreamHeader;

/** {@code zfs receive}: the stream comes from the caller's standard input as it is worked on. */
final class ZfsReceiving {
    static final String OPTIONS = "v n s u F h M d e A o= x=";

    private final Datasets datasets;

    ZfsReceiving(Datasets datasets) {
        this.datasets = datasets;
    }

    void receive(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, OPTIONS);
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing snapshot argument");
        }
        String target = ZfsChanging.one(options, "snapshot");
        if (options.has("A")) {
            abort(options, target);
            return;
        }
        if (options.has("d") && options.has("e")) {
            throw new OpException(Code.USAGE, "invalid option combination: -d and -e are mutually exclusive");
        }
        ReceiveRequest request = request(options, target);
        if (session.inputIsTerminal()) {
            throw new OpException(
                    Code.FAILED,
                    "Error: Backup stream can not be read from a terminal.\nYou must redirect standard input.");
        }
        datasets.streams()
                .receive(request, session.streamIn(), new Telling(session, options.has("v"), options.has("n")));
    }

    private void abort(Getopt options, String target) {
        if (List.of("d", "e", "n", "s", "u").stream().anyMatch(options::has)) {
            throw new OpException(Code.USAGE, "invalid option");
        }
        if (datasets.find(target).isEmpty()) {
            throw new OpException(Code.USAGE, "cannot open '" + target + "': dataset does not exist");
        }
        datasets.streams().abort(target);
    }

    private ReceiveRequest request(Getopt options, String target) {
        Map<String, String> set = new LinkedHashMap<>();
        Optional<String> origin = Optional.empty();
        for (String assignment : options.values("o")) {
            ZfsChanging.Assignment one = ZfsChanging.Assignment.parse(assignment);
            if (one.property().equals("origin")) {
                origin = Optional.of(one.value());
            } else {
                set.put(one.property(), value(target, one));
            }
        }
        Set<String> excluded = new LinkedHashSet<>();
        for (String property : options.values("x")) {
            String name = ZfsPropertyNames.of(property);
            if (set.containsKey(name)) {
                throw new OpException(
                        Code.USAGE, "invalid option combination: property '" + name + "' is given with -o and -x");
            }
            excluded.add(name);
        }
        Naming naming = options.has("d") ? Naming.WITHOUT_POOL : options.has("e") ? Naming.LAST : Naming.AS_TARGET;
        return new ReceiveRequest(
                target,
                naming,
                options.has("F"),
                !options.has("u"),
                options.has("s"),
                options.has("n"),
                set,
                excluded,
                origin);
    }

    private String value(String target, ZfsChanging.Assignment set) {
        return switch (set.property()) {
            case "quota" ->
                set.limit().map(bytes -> String.valueOf(bytes.value())).orElse("none");
            case "reservation", "refreservation" ->
                set.limit().map(bytes -> String.valueOf(bytes.value())).orElse("none");
            case "filesystem_limit", "snapshot_limit" ->
                set.value().equals("none")
                        ? "none"
                        : String.valueOf(ZfsNumbers.parse(set.value()).value());
            case "mountpoint" -> {
                ZfsChanging.mountpoint(set.value());
                yield set.value();
            }
            case "compression" ->
                ZfsChanging.compression(target, Tuning.NONE, set.value())
                        .compression()
                        .orElseThrow();
            default -> {
                ZfsChanging.requireUser(datasets.driverName(), target, set.property());
                yield set.value();
            }
        };
    }

    /** What {@code -v} says to standard output; warnings go to standard error in any case. */
    private static final class Telling implements ReceiveListener {
        private final Session session;
        private final boolean isVerbose;
        private final boolean isDry;
        private long began;

        Telling(Session session, boolean isVerbose, boolean isDry) {
            this.session = session;
            this.isVerbose = isVerbose;
            this.isDry = isDry;
        }

        private void tell(String line) {
            if (isVerbose) {
                session.out(line + "\n");
            }
        }

        @Override
        public void origin(String snapshot, boolean isGiven) {
            tell((isGiven ? "using provided" : "found") + " clone origin " + snapshot);
        }

        @Override
        public void begins(StreamHeader header, String to) {
            began = System.nanoTime();
            tell((isDry ? "would receive " : "receiving ") + (header.isIncremental() ? "incremental" : "full")
                    + " stream of " + header.toName() + " into " + to);
        }

        @Override
        public void passedOver(String to) {
            tell("snap " + to + " already exists; ignoring");
            ended(0);
        }

        @Override
        public void ended(long bytes) {
            if (isDry) {
                return;
            }
            double seconds = Duration.ofNanos(System.nanoTime() - began).toMillis() / 1000.0;
            long rate = (long) (bytes / Math.max(seconds, 0.001));
            tell("received %s stream in %.2f seconds (%s/sec)"
                    .formatted(ZfsNumbers.human(bytes), seconds, ZfsNumbers.human(rate)));
        }

        @Override
        public void warning(String words) {
            session.err(words);
        }
    }
}
