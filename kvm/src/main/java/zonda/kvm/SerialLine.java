package zonda.kvm;

import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a serial port of a machine is joined to, in the words of bhyve(8)'s option -l, as payloads have them. */
public sealed interface SerialLine {
    /** Of the first port, unless a machine says otherwise. */
    String USUAL_FIRST = "/dev/zconsole";
    /** Of the second. */
    String USUAL_SECOND = "socket,/tmp/vm.ttyb";

    /** What {@link #parse} takes. */
    String FORMS = USUAL_FIRST + ", " + USUAL_SECOND + " or socket,/tmp/NAME";

    /** The machine's console, which is kept in its log, and which vmadm console shows. */
    record Console() implements SerialLine {}

    /** The metadata service. */
    record Metadata() implements SerialLine {}

    /** A socket in {@link Qemu#SOCKETS} that somebody else connects to. */
    record Socket(String name) implements SerialLine {
        private static final Pattern FORM =
                Pattern.compile("socket," + Qemu.SOCKETS + "/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})");
        /** Names that begin so are those of QEMU's other sockets. */
        private static final String OURS = "vm.";

        static Optional<SerialLine> parse(String text) {
            Matcher matcher = FORM.matcher(text);
            return matcher.matches() && !matcher.group(1).startsWith(OURS)
                    ? Optional.of(new Socket(matcher.group(1)))
                    : Optional.empty();
        }
    }

    /** Reads one of {@link #FORMS}; empty when it is anything else, as a socket of a name of QEMU's own is. */
    static Optional<SerialLine> parse(String text) {
        return switch (text) {
            case USUAL_FIRST -> Optional.of(new Console());
            case USUAL_SECOND -> Optional.of(new Metadata());
            default -> Socket.parse(text);
        };
    }

    /** The options of QEMU that make the next port of the machine, joined to this. */
    default String[] options(String id, Path metadata) {
        String device = switch (this) {
            case Console() -> Qemu.socket(id, Qemu.CONSOLE) + ",logfile=/dev/stdout,logappend=on";
            // It connects again to a daemon that was started anew.
            case Metadata() -> "socket,id=" + id + ",reconnect=1,path=" + Qemu.escaped(metadata.toString());
            case Socket(String name) -> Qemu.socket(id, name);
        };
        return new String[] {"-chardev", device, "-serial", "chardev:" + id};
    }
}
