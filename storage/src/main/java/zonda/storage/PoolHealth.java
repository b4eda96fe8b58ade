package zonda.storage;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/** Whether a pool's data is well: scrubs, error counters, and a watch that makes events of what goes wrong. */
public final class PoolHealth implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(PoolHealth.class.getName());
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final String pool;
    private final PoolDriver driver;
    private final PoolEvents events;
    private final Scrubbing scrubs;
    private final Thread watch;

    /** @param scrubs made with what is to hear of their changes */
    PoolHealth(String pool, PoolDriver driver, InstantSource clock, Function<Consumer<Scrub>, Scrubbing> scrubs) {
        this.pool = pool;
        this.driver = driver;
        this.events = new PoolEvents(pool, clock);
        this.scrubs = scrubs.apply(this::scrubChanged);
        this.watch = Thread.ofVirtual().name("health-" + pool).unstarted(this::watch);
    }

    /** Begins to watch, and goes on with a scrub that was interrupted. */
    void start() {
        events.add("sysevent.fs.zfs.pool_import", Json.object());
        watch.start();
        scrubs.resume();
    }

    public PoolEvents events() {
        return events;
    }

    /** The last scrub; empty when there never was one. */
    public Optional<Scrub> scrub() {
        return scrubs.status();
    }

    /** Begins a scrub, or goes on with a paused one. @throws OpException CONFLICT when one runs */
    public void startScrub() {
        scrubs.start();
    }

    /** @throws OpException NOT_FOUND when none runs */
    public void pauseScrub() {
        scrubs.pause();
    }

    /** @throws OpException NOT_FOUND when there is none to cancel */
    public void cancelScrub() {
        scrubs.cancel();
    }

    /** Waits until no scrub runs. */
    public void awaitScrub() {
        scrubs.await();
    }

    /** Sets error counters to zero. @param device its path; all when empty @throws OpException NOT_FOUND */
    public void clear(Optional<String> device) {
        if (!driver.clearErrors(device)) {
            throw new OpException(
                    Code.NOT_FOUND, "cannot clear errors for " + device.orElse(pool) + ": no such device in pool");
        }
        events.add("sysevent.fs.zfs.vdev_clear", Json.object().with("vdev_path", device));
    }

    private void scrubChanged(Scrub scrub) {
        String what = switch (scrub.state()) {
            case RUNNING -> "start";
            case PAUSED -> "paused";
            case FINISHED -> "finish";
            case CANCELED -> "abort";
        };
        events.add("sysevent.fs.zfs.scrub_" + what, Json.object());
        if (scrub.state() == Scrub.State.FINISHED
                && (scrub.errors() > 0 || scrub.repaired().value() > 0)) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "scrub of pool " + pool + " repaired " + scrub.repaired().value() + " bytes; " + scrub.errors()
                            + " blocks have no good copy");
        }
    }

    private void watch() {
        try {
            Map<String, Vdev> before = vdevs();
            while (true) {
                Thread.sleep(LOOK);
                Map<String, Vdev> now = vdevs();
                Map<String, Vdev> known = before;
                now.values().forEach(vdev -> compare(known.get(vdev.path()), vdev));
                known.keySet().stream().filter(path -> !now.containsKey(path)).forEach(this::gone);
                before = now;
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }

    private Map<String, Vdev> vdevs() {
        return driver.vdevs().stream().collect(Collectors.toMap(Vdev::path, Function.identity(), (one, _) -> one));
    }

    private void compare(@Nullable Vdev before, Vdev now) {
        if (before == null) {
            return;
        }
        grown("checksum", now, now.checksumErrors() - before.checksumErrors());
        grown("io", now, now.readErrors() + now.writeErrors() - before.readErrors() - before.writeErrors());
        if (now.missing() && !before.missing()) {
            gone(now.path());
        }
    }

    private void grown(String what, Vdev vdev, long by) {
        if (by > 0) {
            report("ereport.fs.zfs." + what, vdev.path(), by + " more errors of " + what);
        }
    }

    private void gone(String path) {
        report("resource.fs.zfs.removed", path, "the device has gone");
    }

    private void report(String kind, String path, String words) {
        LOG.log(System.Logger.Level.WARNING, "pool " + pool + ": " + path + ": " + words);
        events.add(kind, Json.object().with("vdev_path", path).with("message", words));
    }

    @Override
    public void close() {
        watch.interrupt();
        awaitWatch();
        scrubs.close();
    }

    /** It may be asking the kernel by what is closed next. */
    private void awaitWatch() {
        try {
            if (watch.isAlive()) {
                watch.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
