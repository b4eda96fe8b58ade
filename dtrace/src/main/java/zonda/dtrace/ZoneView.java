package zonda.dtrace;

import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.Set;
import zonda.dtrace.provider.Mappings;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.provider.View;

/** What a zone may see, by its privileges. What is not named here it may not. */
record ZoneView(CallingZone zone) implements View {
    /** Of the kernel's tracepoints those that tell of the thread that is at them. */
    private static final Set<String> OF_THREADS = Set.of("sched", "proc", "sysinfo", "vminfo");

    private static final int MOST_PLACES = 1000;

    @Override
    public boolean shows(String provider, Probe.Source source) {
        return switch (source) {
            case Probe.Source.Begin(), Probe.Source.End(), Probe.Source.Error() -> true;
            case Probe.Source.Syscall _, Probe.Source.Clock _ -> zone.user();
            case Probe.Source.Tracepoint _ -> zone.user() && OF_THREADS.contains(provider);
            case Probe.Source.Function _, Probe.Source.Counter _ -> false;
            case Probe.Source.User _, Probe.Source.Usdt _, Probe.Source.Lock _ -> zone.process();
        };
    }

    @Override
    public OptionalLong process(long number) {
        return zone.processes().find(number);
    }

    @Override
    public boolean has(long process) {
        return zone.processes().has(process);
    }

    /** By the mapping itself: a path would be the zone's to change, and may lead out of it. */
    @Override
    public Path file(long process, Mappings.Mapping mapping) {
        return Path.of("/proc/" + process + "/map_files/" + Long.toHexString(mapping.start()) + "-"
                + Long.toHexString(mapping.end()));
    }

    @Override
    public int mostPlaces() {
        return MOST_PLACES;
    }
}
