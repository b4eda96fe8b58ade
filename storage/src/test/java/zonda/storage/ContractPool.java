package zonda.storage;

import java.nio.file.Path;
import java.util.List;

/** A pool of one test, named {@code tank}, over some driver. */
interface ContractPool extends AutoCloseable {
    Datasets datasets();

    /** As a daemon that is started again. */
    Datasets reopen();

    /** What the last opening found. */
    List<String> findings();

    /** Where the files of a dataset are. */
    Path content(String dataset);

    /** Another view of the pool's records, to leave things there as a crash does. */
    RecordStore recordStore();

    PoolDriver driver();

    @Override
    void close();
}
