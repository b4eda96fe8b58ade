package zonda.storage;

/** A snapshot as a driver knows it: its dataset's identity and its own. */
record SnapshotId(Guid dataset, Guid snapshot) {}
