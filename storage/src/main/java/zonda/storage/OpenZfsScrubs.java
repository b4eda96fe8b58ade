package zonda.storage;

import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Consumer;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;

/** Scrubs by OpenZFS, which goes on with them by itself when the pool is imported again. */
final class OpenZfsScrubs implements Scrubbing {
    private final ZfsProgram zfs;
    private final String pool;
    private final InstantSource clock;
    private final Consumer<Scrub> whenChanged;

    OpenZfsScrubs(ZfsProgram zfs, String pool, InstantSource clock, Consumer<Scrub> whenChanged) {
        this.zfs = zfs;
        this.pool = pool;
        this.clock = clock;
        this.whenChanged = whenChanged;
    }

    /** ZFS has done so. */
    @Override
    public void resume() {}

    @Override
    public void start() {
        if (isState(Scrub.State.RUNNING)) {
            throw new OpException(
                    Code.CONFLICT,
                    "cannot scrub " + pool + ": currently scrubbing; use 'zpool scrub -s' to cancel scrub");
        }
        zfs.check("zpool", "scrub", pool);
        status().ifPresent(whenChanged);
    }

    @Override
    public void pause() {
        if (!isState(Scrub.State.RUNNING)) {
            throw new OpException(Code.NOT_FOUND, "cannot pause scrubbing " + pool + ": there is no active scrub");
        }
        zfs.check("zpool", "scrub", "-p", pool);
        status().ifPresent(whenChanged);
    }

    @Override
    public void cancel() {
        if (!isState(Scrub.State.RUNNING) && !isState(Scrub.State.PAUSED)) {
            throw new OpException(Code.NOT_FOUND, "cannot cancel scrubbing " + pool + ": there is no active scrub");
        }
        zfs.check("zpool", "scrub", "-s", pool);
        status().ifPresent(whenChanged);
    }

    private boolean isState(Scrub.State state) {
        return status().filter(scrub -> scrub.state() == state).isPresent();
    }

    @Override
    public void await() {
        zfs.check("zpool", "wait", "-t", "scrub", pool);
    }

    /** A resilver that came after it makes ZFS forget the last scrub. */
    @Override
    public Optional<Scrub> status() {
        return zfs.status(pool).scan().filter(OpenZfsStatus.Scan::scrub).map(this::view);
    }

    private Scrub view(OpenZfsStatus.Scan scan) {
        Scrub.State state = scan.paused().isPresent() && scan.runs()
                ? Scrub.State.PAUSED
                : switch (scan.state()) {
                    case "SCANNING" -> Scrub.State.RUNNING;
                    case "CANCELED" -> Scrub.State.CANCELED;
                    default -> Scrub.State.FINISHED;
                };
        return new Scrub(
                state,
                scan.began(),
                switch (state) {
                    case RUNNING -> clock.instant();
                    case PAUSED -> scan.paused().orElseThrow();
                    case FINISHED, CANCELED -> scan.ended();
                },
                Bytes.of(Math.max(scan.total(), scan.done())),
                Bytes.of(scan.done()),
                Bytes.of(scan.repaired()),
                scan.errors());
    }

    /** It goes on without us. */
    @Override
    public void close() {}
}
