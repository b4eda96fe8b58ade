package zonda.storage;

import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.Blocking;
import zonda.kernel.Btrfs;
import zonda.kernel.BtrfsHealth;
import zonda.kernel.Errno;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;

/**
 * Scrubs of one pool: all devices at once, each by a thread that waits in the kernel. How far they are is written to the
 * pool every few seconds; a scrub that runs when the daemon ends, or is killed, goes on from there when the pool is
 * opened again.
 */
final class BtrfsScrubs implements Scrubbing {
    private static final System.Logger LOG = System.getLogger(BtrfsScrubs.class.getName());
    private static final Duration KEEP = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofMillis(50);
    /** The kernel counts what it corrects in sectors. */
    private static final long SECTOR = 4096;

    private final String pool;
    private final Path top;
    private final Path file;
    private final Fd fd;
    private final InstantSource clock;
    private final Consumer<Scrub> whenChanged;
    /** The devices whose scrub is in the kernel, with what was read of them before. */
    private final Map<Long, ScrubRecord.Part> running = new ConcurrentHashMap<>();

    private Optional<ScrubRecord> last;
    private boolean closing;

    /** @param top of the pool's filesystem, where it is mounted */
    BtrfsScrubs(String pool, Path top, InstantSource clock, Consumer<Scrub> whenChanged) {
        this.pool = pool;
        this.top = top;
        this.file = top.resolve(".zonda/scrub.json");
        this.fd = Fd.openDirectory(top);
        this.clock = clock;
        this.whenChanged = whenChanged;
        this.last = StateFile.readObject(file).map(ScrubRecord::of);
    }

    @Override
    public synchronized void resume() {
        last.filter(scrub -> scrub.state() == Scrub.State.RUNNING).ifPresent(this::run);
    }

    @Override
    public synchronized void start() {
        if (isState(Scrub.State.RUNNING)) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot scrub " + pool + ": currently scrubbing; use 'zpool scrub -s' to cancel scrub");
        }
        ScrubRecord next = last.filter(scrub -> scrub.state() == Scrub.State.PAUSED)
                .map(scrub -> scrub.with(Scrub.State.RUNNING, clock.instant()))
                .orElseGet(() -> new ScrubRecord(Scrub.State.RUNNING, clock.instant(), clock.instant(), Map.of()));
        keep(next);
        run(next);
    }

    @Override
    public void pause() {
        interrupt(Scrub.State.PAUSED, "cannot pause scrubbing ");
    }

    @Override
    public void cancel() {
        interrupt(Scrub.State.CANCELED, "cannot cancel scrubbing ");
    }

    private void interrupt(Scrub.State next, String complaint) {
        synchronized (this) {
            boolean possible =
                    isState(Scrub.State.RUNNING) || (next == Scrub.State.CANCELED && isState(Scrub.State.PAUSED));
            if (!possible) {
                throw new OpException(Code.NOT_FOUND, complaint + pool + ": there is no active scrub");
            }
            last = last.map(scrub -> scrub.with(next, clock.instant()));
        }
        endKernelsPart();
        synchronized (this) {
            last.ifPresent(this::keep);
        }
    }

    /** The lock is held, and given up meanwhile. */
    private void awaitIdle(Runnable meanwhile) {
        while (!running.isEmpty()) {
            try {
                wait(LOOK.toMillis());
                meanwhile.run();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    /** A thread may be on its way into the kernel, so it is told until all have come back. */
    private synchronized void endKernelsPart() {
        BtrfsHealth.cancel(fd);
        awaitIdle(() -> BtrfsHealth.cancel(fd));
    }

    @Override
    public synchronized void await() {
        awaitIdle(() -> {});
    }

    @Override
    public synchronized Optional<Scrub> status() {
        return last.map(this::view);
    }

    private Scrub view(ScrubRecord scrub) {
        boolean runs = scrub.state() == Scrub.State.RUNNING;
        List<ScrubRecord.Part> parts =
                (runs ? withProgress(scrub) : scrub).parts().values().stream().toList();
        long read = parts.stream().mapToLong(ScrubRecord.Part::read).sum();
        long corrected = parts.stream().mapToLong(ScrubRecord.Part::corrected).sum();
        long copies = Math.min(2, Math.max(1, parts.size()));
        File filesystem = top.toFile();
        long used = filesystem.getTotalSpace() - filesystem.getFreeSpace();
        return new Scrub(
                scrub.state(),
                scrub.began(),
                runs ? clock.instant() : scrub.changed(),
                Bytes.of(runs ? Math.max(read, used * copies) : read),
                Bytes.of(read),
                Bytes.of(corrected * SECTOR),
                parts.stream().mapToLong(ScrubRecord.Part::uncorrectable).sum());
    }

    /** With what the kernel has done since its calls began. */
    private ScrubRecord withProgress(ScrubRecord scrub) {
        ScrubRecord now = scrub;
        for (var device : running.entrySet()) {
            Optional<BtrfsHealth.Scrubbed> progress = BtrfsHealth.progress(fd, device.getKey());
            if (progress.isPresent()) {
                now = now.with(device.getKey(), device.getValue().plus(progress.get()), clock.instant());
            }
        }
        return now;
    }

    private boolean isState(Scrub.State state) {
        return last.filter(scrub -> scrub.state() == state).isPresent();
    }

    private void run(ScrubRecord scrub) {
        List<Long> devices = Btrfs.devices(fd).stream()
                .filter(device -> device.path().isPresent())
                .map(Btrfs.Device::id)
                .filter(id -> !scrub.part(id).complete())
                .toList();
        devices.forEach(id -> running.put(id, scrub.part(id)));
        devices.forEach(
                id -> Thread.ofVirtual().name("scrub-" + pool + "-" + id).start(() -> scrub(id, scrub.part(id))));
        if (devices.isEmpty()) {
            keep(scrub.with(Scrub.State.FINISHED, clock.instant()));
        } else {
            Thread.ofVirtual().name("scrub-" + pool).start(this::keepProgress);
        }
    }

    private void scrub(long device, ScrubRecord.Part before) {
        ScrubRecord.Part after = before;
        try {
            after = before.plus(Blocking.call(() -> BtrfsHealth.scrub(fd, device, before.position())));
        } catch (KernelException e) {
            // A device that has gone has nothing to be read; EINPROGRESS: somebody scrubs it by btrfs(8).
            boolean over = e.is(Errno.ENODEV) || e.is(Errno.EINPROGRESS);
            after = new ScrubRecord.Part(
                    before.position(), before.read(), before.corrected(), before.uncorrectable(), over);
            LOG.log(System.Logger.Level.WARNING, "scrub of pool " + pool + ": " + e.getMessage());
        } finally {
            ended(device, after);
        }
    }

    private synchronized void ended(long device, ScrubRecord.Part part) {
        last = last.map(scrub -> scrub.with(device, part, clock.instant()));
        running.remove(device);
        if (running.isEmpty() && isState(Scrub.State.RUNNING) && !closing) {
            last = last.map(scrub -> scrub.with(Scrub.State.FINISHED, clock.instant()));
            last.ifPresent(this::keep);
        }
        notifyAll();
    }

    private void keepProgress() {
        try {
            while (true) {
                Thread.sleep(KEEP);
                synchronized (this) {
                    if (running.isEmpty() || !isState(Scrub.State.RUNNING) || closing) {
                        return;
                    }
                    last.map(this::withProgress).ifPresent(now -> StateFile.replace(file, now.toJson()));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void keep(ScrubRecord scrub) {
        StateFile.replace(file, scrub.toJson());
        last = Optional.of(scrub);
        whenChanged.accept(view(scrub));
    }

    /** Ends what is in the kernel; it goes on when the pool is opened again. */
    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            if (running.isEmpty()) {
                fd.close();
                return;
            }
        }
        endKernelsPart();
        synchronized (this) {
            last.ifPresent(scrub -> StateFile.replace(file, scrub.toJson()));
        }
        fd.close();
    }
}
