package zonda.dtrace;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import zonda.dtrace.provider.Probe;

/**
 * Clauses that probes need besides those of the program: what is told when a thread begins to wait for a lock, or calls
 * for one, is kept until it has the lock.
 */
final class Bookkeeping {
    /** When a thread began to wait for a lock of the kernel's, with the kernel's flags in the lowest byte. */
    private static final String CONTENDED = "__contended[(uintptr_t)curthread, (uintptr_t)raw0]";

    private boolean contention;
    private final Set<String> processes = new TreeSet<>();

    /** Notes what a program has enabled. @return the variables to declare for it, as D; empty when they are there */
    String variables(Collection<Probe> enabled) {
        var text = new StringBuilder();
        if (!contention && enabled.stream().anyMatch(probe -> probe.provider().equals("lockstat"))) {
            contention = true;
            text.append("uint64_t __contended[uintptr_t, uintptr_t];");
        }
        for (Probe probe : enabled) {
            if (probe.source() instanceof Probe.Source.Lock) {
                if (processes.isEmpty()) {
                    text.append("self uintptr_t __locking;");
                }
                processes.add(probe.provider().replaceAll("[^0-9]", ""));
            }
        }
        return text.toString();
    }

    /** The clauses, as D. They come behind all others, since the last of them takes back what these look at. */
    List<String> clauses() {
        var clauses = new ArrayList<String>();
        for (String process : processes) {
            clauses.add("pid" + process + "::pthread_mutex_*lock:entry, pid" + process
                    + "::pthread_rwlock_*lock:entry { self->__locking = arg0; }");
        }
        if (contention) {
            clauses.add("sdt:::contention_begin { " + CONTENDED + " = (timestamp << 8) | (raw1 & 0xff); }");
            clauses.add("sdt:::contention_end { " + CONTENDED + " = 0; }");
        }
        processes.clear();
        contention = false;
        return clauses;
    }
}
