package zonda.commands;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.storage.Datasets;
import zonda.storage.SendPart;
import zonda.storage.SendRequest;
import zonda.zstream.ResumeToken;

/** {@code zfs send}: the stream goes to the caller's standard output as it is made. */
final class ZfsSending {
    static final String OPTIONS = "n|dryrun v|verbose P|parsable p|props R|replicate D|dedup L|large-block e|embed"
            + " c|compressed w|raw V|proctitle i= I= t= b|backup h|holds s|skip-missing S|saved X|exclude= d|redact=";
    private static final int BUFFER = 128 << 10;

    private final Datasets datasets;

    ZfsSending(Datasets datasets) {
        this.datasets = datasets;
    }

    void send(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, OPTIONS);
        refuseUnsupported(options);
        if (options.has("t")) {
            resume(session, options);
            return;
        }
        if (options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "missing snapshot argument");
        }
        String to = ZfsChanging.one(options, "snapshot");
        if (options.has("i") && options.has("I")) {
            throw new OpException(Code.USAGE, "-i and -I are mutually exclusive");
        }
        if (options.has("D")) {
            session.err("WARNING: deduplicated send is no longer supported.  A regular,\n"
                    + "non-deduplicated stream will be generated.\n");
        }
        refuseTerminal(session, options);
        if (to.indexOf('@') < 0) {
            throw new OpException(
                    Code.NOT_SUPPORTED,
                    "cannot send '" + to + "': the driver " + datasets.driverName()
                            + " sends snapshots only; make one and send that");
        }
        SendRequest request =
                new SendRequest(to, source(session, options, to), options.has("I"), options.has("R"), options.has("p"));
        request = options.has("s") ? request.skippingMissing() : request;
        List<SendPart> parts = datasets.streams().parts(request);
        if (options.has("v") || options.has("P")) {
            tell(session, options, sizes(options, request, parts));
        }
        if (!options.has("n")) {
            write(session, options, request);
        }
    }

    private static void refuseTerminal(Session session, Getopt options) {
        if (!options.has("n") && session.outputIsTerminal()) {
            throw new OpException(
                    Code.FAILED, "Error: Stream can not be written to a terminal.\nYou must redirect standard output.");
        }
    }

    /** The rest of a stream whose receive was cut short. */
    private void resume(Session session, Getopt options) {
        if (List.of("i", "I", "R", "p", "s").stream().anyMatch(options::has)) {
            throw new OpException(Code.USAGE, "invalid flags combined with -t");
        }
        if (!options.operands().isEmpty()) {
            throw new OpException(Code.USAGE, "too many arguments");
        }
        refuseTerminal(session, options);
        ResumeToken token = ResumeToken.parse(options.value("t").orElseThrow());
        SendRequest request = SendRequest.rest(token);
        if (options.has("v") || options.has("P")) {
            tell(session, options, token.described());
            tell(session, options, sizes(options, request, datasets.streams().parts(request)));
        } else {
            datasets.streams().parts(request);
        }
        if (!options.has("n")) {
            write(session, options, request);
        }
    }

    private void refuseUnsupported(Getopt options) {
        if (options.has("S")) {
            throw new OpException(
                    Code.NOT_SUPPORTED,
                    "cannot send: what came of a snapshot so far (-S) can't be sent by the driver "
                            + datasets.driverName() + "; send it when all of it is there");
        }
        for (String option : List.of("b", "h", "X", "d")) {
            if (options.has(option)) {
                throw new OpException(
                        Code.NOT_SUPPORTED,
                        "cannot send: option " + (option.equals("d") ? "--redact" : "-" + option)
                                + " is not supported by the driver " + datasets.driverName());
            }
        }
    }

    /** A name alone means a snapshot of the same dataset. */
    private static Optional<String> source(Session session, Getopt options, String to) {
        Optional<String> given = options.value("i").or(() -> options.value("I"));
        if (given.isEmpty()) {
            return given;
        }
        String name = given.get();
        String dataset = to.substring(0, to.indexOf('@'));
        if (name.startsWith("@") || name.startsWith("#")) {
            return Optional.of(dataset + name);
        }
        if (name.indexOf('@') > 0 || name.indexOf('#') > 0) {
            return given;
        }
        if (options.has("i")) {
            session.err("Warning: incremental source didn't specify type, assuming snapshot."
                    + " Use '@' or '#' prefix to avoid ambiguity.");
        }
        return Optional.of(dataset + "@" + name);
    }

    private String sizes(Getopt options, SendRequest request, List<SendPart> parts) {
        List<Long> sizes = datasets.streams().estimates(request);
        boolean parsable = options.has("P");
        boolean several = request.between() || request.below() || request.properties();
        var text = new StringBuilder();
        for (int i = 0; i < parts.size(); i++) {
            SendPart part = parts.get(i);
            String from = part.from()
                    .map(name -> several && !part.isClone() ? name.substring(name.indexOf('@') + 1) : name)
                    .orElse("");
            long size = sizes.get(i);
            if (parsable) {
                text.append(from.isEmpty() ? "full" : "incremental\t" + from)
                        .append('\t')
                        .append(part.snapshot())
                        .append('\t')
                        .append(size)
                        .append('\n');
            } else {
                text.append(
                                from.isEmpty()
                                        ? "full send of "
                                        : "send from " + (from.indexOf('@') < 0 ? "@" : "") + from + " to ")
                        .append(part.snapshot())
                        .append(" estimated size is ")
                        .append(ZfsNumbers.human(size))
                        .append('\n');
            }
        }
        long total = sizes.stream().mapToLong(Long::longValue).sum();
        text.append(parsable ? "size\t" + total : "total estimated size is " + ZfsNumbers.count(total))
                .append('\n');
        return text.toString();
    }

    /** Where no stream goes to the output, this does. */
    private static void tell(Session session, Getopt options, String text) {
        if (options.has("n")) {
            session.out(text);
        } else {
            session.errRaw(text);
        }
    }

    private void write(Session session, Getopt options, SendRequest request) {
        try (var progress = new ZfsSendProgress(session, options.has("P"));
                OutputStream out = new BufferedOutputStream(progress.counting(session.outStream()), BUFFER)) {
            if (options.has("v")) {
                progress.start();
            }
            datasets.streams().send(request, out, part -> progress.begins(part.snapshot()));
        } catch (UncheckedIOException | IOException e) {
            throw new OpException(Code.FAILED, "warning: cannot send '" + request.to() + "': " + e.getMessage(), e);
        }
    }
}
