package zonda.storage;

import java.util.List;
import zonda.base.Bytes;

/** An open pool. Closing it leaves everything mounted: zones run on while no daemon is there. */
public final class Pool implements AutoCloseable {
    private final PoolConfig config;
    private final PoolDriver driver;
    private final Datasets datasets;
    private final List<String> findings;

    Pool(PoolConfig config, PoolDriver driver, Datasets datasets, List<String> findings) {
        this.config = config;
        this.driver = driver;
        this.datasets = datasets;
        this.findings = List.copyOf(findings);
    }

    public PoolConfig config() {
        return config;
    }

    /** What it is made of, as messages call it. */
    public String driver() {
        return driver.name();
    }

    public Datasets datasets() {
        return datasets;
    }

    /** What the operator should know of its opening: things left alone, a missing device. */
    public List<String> findings() {
        return findings;
    }

    /** Its devices, with what they have got wrong so far. */
    public List<Vdev> vdevs() {
        return driver.vdevs();
    }

    /** All of it, used or not. */
    public Bytes size() {
        return driver.size();
    }

    public Bytes free() {
        return driver.free();
    }

    @Override
    public void close() {
        driver.close();
    }
}
