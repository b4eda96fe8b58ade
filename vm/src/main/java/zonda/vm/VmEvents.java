package zonda.vm;

import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import zonda.base.Json;

/**
 * Tells of every change of what {@code vmadm get} shows. While nobody listens, nothing is compared.
 *
 * <p>Whatever changes a VM calls {@link #touched}; one thread compares it with what listeners know, so that each hears
 * all changes of a VM in their order, and changes that follow each other closely may come as one.
 */
public final class VmEvents {
    /** Sees a VM as it is shown now; empty when it is gone. */
    private final Function<UUID, Optional<Json.Obj>> views;

    private final InstantSource clock;
    /** Read by all, changed with the lock of this. */
    private final List<Subscription> subscriptions = new CopyOnWriteArrayList<>();

    private final BlockingQueue<UUID> touched = new LinkedBlockingQueue<>();
    /** As listeners know them. */
    private final Map<UUID, Json.Obj> known = new LinkedHashMap<>();

    private boolean compares;

    VmEvents(Function<UUID, Optional<Json.Obj>> views, InstantSource clock) {
        this.views = views;
        this.clock = clock;
    }

    /** What happened to a VM. @param vm as it is now; as it was last when it is gone */
    public record Event(Type type, Instant when, UUID uuid, Json.Obj vm, List<JsonDiff.Change> changes) {
        public Event {
            changes = List.copyOf(changes);
        }
    }

    public enum Type {
        CREATE,
        MODIFY,
        DELETE
    }

    /** One listener's events, until it is closed. */
    public final class Subscription implements AutoCloseable {
        private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
        private final List<Json.Obj> atFirst;

        private Subscription(List<Json.Obj> atFirst) {
            this.atFirst = List.copyOf(atFirst);
        }

        /** The VMs as they were when it began: all events are of what came after. */
        public List<Json.Obj> atFirst() {
            return atFirst;
        }

        public Event next() throws InterruptedException {
            return events.take();
        }

        @Override
        public void close() {
            subscriptions.remove(this);
        }
    }

    /** @param all the VMs there are */
    synchronized Subscription subscribe(List<UUID> all) {
        if (subscriptions.isEmpty()) {
            known.clear();
        }
        Set<UUID> there = new LinkedHashSet<>(all);
        there.addAll(known.keySet());
        // Whoever listens already hears of the difference first.
        there.forEach(this::compare);
        var subscription = new Subscription(List.copyOf(known.values()));
        subscriptions.add(subscription);
        if (!compares) {
            compares = true;
            Thread.ofVirtual().name("vm-events").start(this::compareAll);
        }
        return subscription;
    }

    /** Something of the VM may have changed. Returns at once. */
    void touched(UUID vm) {
        if (!subscriptions.isEmpty()) {
            touched.add(vm);
        }
    }

    private void compareAll() {
        try {
            while (true) {
                UUID vm = touched.take();
                synchronized (this) {
                    if (!subscriptions.isEmpty()) {
                        compare(vm);
                    }
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void compare(UUID vm) {
        Optional<Json.Obj> now = views.apply(vm);
        Optional<Json.Obj> before = Optional.ofNullable(now.isPresent() ? known.put(vm, now.get()) : known.remove(vm));
        if (now.isPresent() && before.isPresent()) {
            List<JsonDiff.Change> changes = JsonDiff.between(before.get(), now.get(), JsonDiff.OF_VMS);
            if (!changes.isEmpty()) {
                tell(new Event(Type.MODIFY, clock.instant(), vm, now.get(), changes));
            }
        } else if (now.isPresent()) {
            tell(new Event(Type.CREATE, clock.instant(), vm, now.get(), List.of()));
        } else if (before.isPresent()) {
            tell(new Event(Type.DELETE, clock.instant(), vm, before.get(), List.of()));
        }
    }

    private void tell(Event event) {
        subscriptions.forEach(subscription -> subscription.events.add(event));
    }
}
