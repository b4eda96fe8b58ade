package zonda.commands;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import zonda.base.OpException;
import zonda.dtrace.CallingZone;
import zonda.dtrace.Dtrace;
import zonda.vm.TracingRights;
import zonda.vm.Vms;
import zonda.zones.IdRange;
import zonda.zones.RunningZone;
import zonda.zones.Zones;

/**
 * dtrace(8) for zones: a request that came from the root of a zone is compiled and traced here, as one of that zone's,
 * and what is the caller's own to do it is asked to do. How that looks says the script {@code /native/usr/sbin/dtrace}.
 */
public final class ZoneDtrace {
    private static final System.Logger LOG = System.getLogger(ZoneDtrace.class.getName());
    private static final int LONGEST_LINE = 512 << 10;
    private static final int LONGEST_REQUEST = 64 << 10;
    /** Sessions of all zones, and of one. */
    private static final int MOST_SESSIONS = 16;

    private static final int MOST_OF_A_ZONE = 4;
    private static final String REFUSED = "failed to initialize dtrace: DTrace requires additional privileges";

    private final Dtrace dtrace;
    private final Vms vms;
    private final Zones zones;
    private final Semaphore all = new Semaphore(MOST_SESSIONS);
    private final Map<UUID, Semaphore> each = new ConcurrentHashMap<>();

    public ZoneDtrace(Dtrace dtrace, Vms vms, Zones zones) {
        this.dtrace = dtrace;
        this.vms = vms;
        this.zones = zones;
    }

    /** Reads a request, and answers it until it ends or the caller does. @param uid the host's id of who asks */
    public void serve(UUID zone, int uid, InputStream in, OutputStream out) throws IOException {
        var request = new ZoneRequest(in, LONGEST_LINE, LONGEST_REQUEST);
        String first = request.line();
        if (!first.matches("DTRACE 1 [0-9]{1,3} [0-9]{1,9} [0-9]{1,9}")) {
            throw new IOException("not a request: " + first);
        }
        String[] numbers = first.split(" ");
        String directory = request.words(1).getFirst();
        List<String> words = request.words(Integer.parseInt(numbers[2]));
        var terminal = new ZoneTerminal(Path.of(directory), in, out);
        int status = run(zone, words, new Caller(Long.parseLong(numbers[3]), Long.parseLong(numbers[4])), terminal);
        terminal.end(status);
    }

    /** The zone's numbers of the client and its parent. */
    private record Caller(long pid, long ppid) {}

    private int run(UUID zone, List<String> words, Caller caller, ZoneTerminal terminal) {
        Semaphore own = each.computeIfAbsent(zone, _ -> new Semaphore(MOST_OF_A_ZONE));
        if (!own.tryAcquire()) {
            return refuse(
                    terminal, "failed to initialize dtrace: this zone has " + MOST_OF_A_ZONE + " sessions already");
        }
        try {
            if (!all.tryAcquire()) {
                return refuse(
                        terminal, "failed to initialize dtrace: zones have " + MOST_SESSIONS + " sessions already");
            }
            try {
                return trace(zone, words, caller, terminal);
            } finally {
                all.release();
            }
        } finally {
            own.release();
        }
    }

    private static int refuse(ZoneTerminal terminal, String why) {
        terminal.err("dtrace: " + why);
        return 1;
    }

    private int trace(UUID zone, List<String> words, Caller caller, ZoneTerminal terminal) {
        try {
            Optional<CallingZone> calling = calling(zone);
            if (calling.isEmpty()) {
                return refuse(terminal, REFUSED);
            }
            terminal.listen();
            return dtrace.run(words, new Dtrace.Caller(caller.pid(), caller.ppid(), 0, 0, calling), terminal);
        } catch (OpException e) {
            return refuse(terminal, String.valueOf(e.getMessage()));
        } catch (RuntimeException | StackOverflowError e) {
            LOG.log(System.Logger.Level.ERROR, "dtrace of zone " + zone, e);
            return refuse(terminal, "internal error: the global zone's log has more");
        }
    }

    /** What the zone may; empty when that is nothing, or it does not run. */
    private Optional<CallingZone> calling(UUID zone) {
        var record = vms.store().find(zone);
        Optional<TracingRights> rights =
                record.map(vm -> TracingRights.of(vm.config().properties())).filter(TracingRights::any);
        Optional<Long> init = zones.find(zone).map(RunningZone::init).map(process -> process.pid());
        if (record.isEmpty() || rights.isEmpty() || init.isEmpty()) {
            return Optional.empty();
        }
        return ZoneProcesses.userNamespace(init.get())
                .map(namespace -> new CallingZone(
                        zone.toString(),
                        namespace,
                        ZoneProcesses.level(init.get()),
                        record.get().ids().base(),
                        IdRange.SIZE,
                        rights.get().user(),
                        rights.get().process(),
                        new ZoneProcesses(() -> zones.processes(zone), ZoneProcesses.level(init.get()))));
    }
}
