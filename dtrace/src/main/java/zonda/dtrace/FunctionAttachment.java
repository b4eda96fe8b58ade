package zonda.dtrace;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.types.KernelFunctions;
import zonda.kernel.Bpf;
import zonda.kernel.Errno;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;
import zonda.kernel.PerfEvent;

/**
 * Attaches a program to functions of the kernel: to all of them at once where the kernel has fprobes, and otherwise to one
 * after another, of which each takes a while.
 */
final class FunctionAttachment {
    /** How many are attached to one by one: a few seconds' worth. */
    static final int MOST_SINGLE = 1000;
    /** Bytes from a function's start within which the kernel's place to attach to is, behind an ENDBR64. */
    private static final int NEAR = 16;

    private final List<Probe> probes;
    private final Function<Bpf.ProgramType, Fd> loader;
    private final List<Fd> open;
    private final KernelFeatures features;

    /**
     * @param loader loads the program as one of that type
     * @param open what is to be closed in the end
     */
    FunctionAttachment(
            List<Probe> probes, Function<Bpf.ProgramType, Fd> loader, List<Fd> open, KernelFeatures features) {
        this.features = features;
        this.probes = List.copyOf(probes);
        this.loader = loader;
        this.open = open;
    }

    /** Where a function is, and by which number the program knows it. */
    private record Place(Probe probe, long address, long cookie) {}

    /** @throws DError when none of a function's places lets anything attach to it, or there are too many */
    void attach(long firstCookie) {
        List<Place> places = places(firstCookie);
        boolean told = probes.stream().noneMatch(probe -> source(probe).places().isEmpty());
        if (told && features.attachesTogether().orElse(true) && together(places)) {
            return;
        }
        if (places.size() > MOST_SINGLE) {
            throw new DError(
                    "D_UNKNOWN",
                    0,
                    "this kernel attaches to its functions one by one: " + places.size() + " are more than the "
                            + MOST_SINGLE + " that dtrace attaches to, so name fewer, such as by the first letters");
        }
        single(places);
    }

    private static Probe.Source.Function source(Probe probe) {
        return (Probe.Source.Function) probe.source();
    }

    private List<Place> places(long firstCookie) {
        var names = new HashSet<String>();
        probes.forEach(probe -> names.add(source(probe).name()));
        Map<KernelFunctions.Name, List<Long>> known = KernelFunctions.addresses(names);
        var places = new ArrayList<Place>();
        long cookie = firstCookie;
        for (Probe probe : probes) {
            Probe.Source.Function function = source(probe);
            for (long address :
                    known.getOrDefault(new KernelFunctions.Name(function.module(), function.name()), List.of())) {
                boolean attachable = function.places().isEmpty()
                        || function.places().stream().anyMatch(at -> at >= address && at < address + NEAR);
                if (attachable) {
                    places.add(new Place(probe, address, cookie));
                }
            }
            cookie++;
        }
        if (places.isEmpty()) {
            throw new DError(
                    "D_UNKNOWN",
                    0,
                    "/proc/kallsyms does not tell where "
                            + source(probes.getFirst()).name() + " is: the sysctl kernel.kptr_restrict hides it");
        }
        return places;
    }

    /** @return whether the kernel can do that */
    private boolean together(List<Place> places) {
        long[] addresses = places.stream().mapToLong(Place::address).toArray();
        long[] cookies = places.stream().mapToLong(Place::cookie).toArray();
        boolean returns = source(probes.getFirst()).returns();
        try {
            Fd program = loader.apply(Bpf.ProgramType.KPROBE_MULTI);
            open.add(Bpf.attachFunctions(program, addresses, cookies, returns));
            features.attachesTogether(true);
            return true;
        } catch (KernelException e) {
            if (e.is(Errno.EOPNOTSUPP)) {
                features.attachesTogether(false);
            }
            return false;
        }
    }

    /** A place that the kernel keeps for itself is left out where there are others. */
    private void single(List<Place> places) {
        Fd program = loader.apply(Bpf.ProgramType.KPROBE);
        boolean attached = false;
        for (Place place : places) {
            boolean only = places.size() == 1;
            try {
                Fd event =
                        PerfEvent.kprobe(place.address(), source(place.probe()).returns());
                open.add(event);
                open.add(Bpf.attachPerfEvent(program, event, place.cookie()));
                PerfEvent.enable(event);
                attached = true;
            } catch (KernelException e) {
                if (only) {
                    throw e;
                }
            }
        }
        if (!attached) {
            throw new DError("D_UNKNOWN", 0, "the kernel lets nothing attach to any of these functions");
        }
    }
}
