package zonda.commands;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Pty;
import zonda.kernel.Streams;
import zonda.vm.Passwd;
import zonda.vm.Vms;
import zonda.zones.ZoneExec;
import zonda.zones.Zones;

/** zlogin(1): a shell, a command, or the console of a zone. */
public final class ZloginTool implements Tool {
    private static final String USAGE = """
            usage: zlogin [-n] [-l user] zonename [command [args ...]]
                   zlogin -C zonename""";

    /**
     * Besides the console, no input and the user: what is done here anyway. It is less talk, no login program, no escapes,
     * interactive, and to leave a console whose zone halts.
     */
    private static final String OPTIONS = "C n l= Q S E i d";

    private final Vms vms;
    private final Zones zones;
    private final ConsoleRelay consoles;

    public ZloginTool(Vms vms, Zones zones, ConsoleRelay consoles) {
        this.vms = vms;
        this.zones = zones;
        this.consoles = consoles;
    }

    @Override
    public String name() {
        return "zlogin";
    }

    @Override
    public String complaint(OpException e) {
        return "zlogin: " + e.getMessage();
    }

    /** What was typed; options end at the zone's name, so that a command's own pass. */
    private record Asked(boolean console, boolean withoutInput, String user, String zone, List<String> command) {}

    @Override
    public int run(Session session) {
        Asked asked;
        try {
            asked = parse(session.arguments());
        } catch (OpException e) {
            session.err("zlogin: " + e.getMessage());
            session.err(USAGE);
            return Code.USAGE.exitStatus();
        }
        UUID zone = vms.resolve(asked.zone());
        if (asked.console()) {
            consoles.relay(session, zone, ConsoleRelay.Escape.TILDE_DOT);
            return 0;
        }
        if (vms.running(zone).isEmpty()) {
            throw new OpException(
                    Code.FAILED,
                    "login allowed only to running zones (" + zone + " is '"
                            + vms.get(zone).string("zone_state", "") + "').");
        }
        return asked.command().isEmpty() && session.inputIsTerminal() && !asked.withoutInput()
                ? onTerminal(session, zone, asked)
                : onPipes(session, zone, asked);
    }

    private static Asked parse(List<String> arguments) {
        int leading = Getopt.leading(arguments, word -> word.matches("-[^l]*l"));
        Getopt options = Getopt.parse(arguments.subList(0, leading), OPTIONS);
        if (leading == arguments.size()) {
            throw new OpException(Code.USAGE, "zone name missing");
        }
        return new Asked(
                options.has("C"),
                options.has("n"),
                options.value("l").orElse("root"),
                arguments.get(leading),
                arguments.subList(leading + 1, arguments.size()));
    }

    private ZoneExec.Program program(Session session, UUID zone, Asked asked) {
        Passwd.User user = vms.guestUser(zone, asked.user())
                .or(() -> asked.user().equals("root")
                        ? java.util.Optional.of(new Passwd.User("root", 0, 0, List.of(), "/", "/bin/sh"))
                        : java.util.Optional.empty())
                .orElseThrow(() -> new OpException(Code.FAILED, "no user \"" + asked.user() + "\" in the zone"));
        Map<String, String> environment = new TreeMap<>(Map.of(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/native/usr/sbin",
                "HOME",
                user.home(),
                "USER",
                user.name(),
                "LOGNAME",
                user.name(),
                "SHELL",
                user.shell()));
        session.environment("TERM").ifPresent(term -> environment.put("TERM", term));
        session.environment("LANG").ifPresent(lang -> environment.put("LANG", lang));
        // A command line is the shell's to read, as it is with zlogin on SmartOS, which hands it to su(8).
        List<String> argv = asked.command().isEmpty()
                ? List.of(user.shell(), "-l")
                : List.of(user.shell(), "-c", String.join(" ", asked.command()));
        return new ZoneExec.Program(
                argv, new ZoneExec.User(user.uid(), user.gid(), user.groups()), user.home(), environment);
    }

    private int onPipes(Session session, UUID zone, Asked asked) {
        ZoneExec exec = zones.exec();
        Process process = exec.start(zone, program(session, zone, asked));
        session.onHangup(() -> exec.hangUp(process));
        Thread out = copy("out", process.getInputStream(), session.outStream());
        Thread err = copy("err", process.getErrorStream(), session.errStream());
        Thread.ofVirtual().name("zlogin-in").start(() -> {
            try (OutputStream stdin = process.getOutputStream()) {
                if (!asked.withoutInput()) {
                    pump(session.in(), stdin);
                }
            } catch (IOException e) {
                // The program has closed its input, or ended.
            }
        });
        return ending(process, List.of(out, err));
    }

    /** As transferTo, but each piece goes on at once. */
    private static void pump(InputStream from, OutputStream to) throws IOException {
        byte[] piece = new byte[32 * 1024];
        int length = from.read(piece);
        while (length >= 0) {
            to.write(piece, 0, length);
            to.flush();
            length = from.read(piece);
        }
    }

    private static Thread copy(String name, InputStream from, OutputStream to) {
        return Thread.ofVirtual().name("zlogin-" + name).start(() -> {
            try (from) {
                pump(from, to);
            } catch (IOException e) {
                // The caller is gone, and onHangup ends the program.
            }
        });
    }

    private static int ending(Process process, List<Thread> copies) {
        try {
            int status = process.waitFor();
            for (Thread copy : copies) {
                copy.join();
            }
            return status;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private int onTerminal(Session session, UUID zone, Asked asked) {
        session.err("[Connected to zone '" + zone + "' pts]");
        ZoneExec.OnTerminal login = zones.exec().startOnTerminal(zone, program(session, zone, asked));
        try (var terminal = login.terminal()) {
            session.raw(size -> Pty.resize(terminal, size.rows(), size.columns()));
            session.onHangup(login::hangUp);
            Thread.ofVirtual().name("zlogin-in").start(() -> {
                try {
                    pump(session.in(), Streams.output(terminal));
                } catch (IOException | RuntimeException e) {
                    // The terminal is closed.
                }
            });
            Thread out = Thread.ofVirtual().name("zlogin-out").start(() -> {
                try {
                    pump(Streams.input(terminal), session.outStream());
                } catch (IOException | RuntimeException e) {
                    // The terminal is closed, or the caller gone.
                }
            });
            int status = ending(login.process(), List.of(out));
            session.err("\r\n[Connection to zone '" + zone + "' pts closed]");
            return status;
        }
    }
}
