package zonda.storage;

import java.util.List;
import zonda.base.Bytes;

/** An open pool. Closing it leaves everything mounted: zones run on while no daemon is there. */
public final class Pool implements AutoCloseable {
    private final PoolConfig config;
    private final Means means;
    private final Datasets datasets;
    private final PoolHealth health;
    private final PoolDevices devices;
    private final ReservationWatch reservations;
    private final List<String> findings;
    private volatile boolean closed;

    Pool(PoolConfig config, Means means, Datasets datasets, Care care, List<String> findings) {
        this.config = config;
        this.means = means;
        this.datasets = datasets;
        this.health = care.health();
        this.devices = care.devices();
        this.reservations = care.reservations();
        this.findings = List.copyOf(findings);
    }

    /** What a pool is made of. */
    record Means(PoolMedium medium, PoolDriver driver) {}

    /** What looks after a pool's data, devices and space. */
    record Care(PoolHealth health, PoolDevices devices, ReservationWatch reservations) {}

    public PoolConfig config() {
        return config;
    }

    PoolDriver driver() {
        return means.driver();
    }

    PoolMedium medium() {
        return means.medium();
    }

    /** What the driver is called: {@code btrfs} or {@code OpenZFS}. */
    public String driverName() {
        return driver().name();
    }

    public Datasets datasets() {
        return datasets;
    }

    /** What the operator should know of its opening: things left alone, a missing device. */
    public List<String> findings() {
        return findings;
    }

    public PoolHealth health() {
        return health;
    }

    public PoolDevices devices() {
        return devices;
    }

    /** Its devices, with what they have got wrong so far. */
    public List<Vdev> vdevs() {
        return driver().vdevs();
    }

    /** All of it, used or not. */
    public Bytes size() {
        return driver().size();
    }

    public Bytes free() {
        return driver().free();
    }

    /** Whether it wasn't closed yet. */
    boolean isOpen() {
        return !closed;
    }

    @Override
    public void close() {
        closed = true;
        reservations.close();
        devices.close();
        health.close();
        driver().close();
    }
}
