package zonda.vm;

import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** The VMs whose zones are being ended or taken apart: they are shown as stopping. Any thread may call it. */
final class Stopping {
    private final Set<UUID> vms = ConcurrentHashMap.newKeySet();
    private final Consumer<UUID> touched;

    /** @param touched hears at once of each VM that begins or ceases to be one of these */
    Stopping(Consumer<UUID> touched) {
        this.touched = touched;
    }

    /** From {@link Stopping#begin} until it is closed. */
    interface Mark extends AutoCloseable {
        @Override
        void close();
    }

    Mark begin(UUID vm) {
        vms.add(vm);
        touched.accept(vm);
        return () -> {
            vms.remove(vm);
            touched.accept(vm);
        };
    }

    boolean contains(UUID vm) {
        return vms.contains(vm);
    }
}
