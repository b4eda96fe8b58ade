package zonda.metadata;

import zonda.base.Json;

/** A VM's record in memory, with its metadata as the guest sees it. */
final class TestVm implements CustomerMetadata {
    private volatile Json.Obj record;
    volatile boolean breaks;

    TestVm(String record) {
        this.record = Json.parseObject(record);
    }

    VmMetadata metadata() {
        return new MetadataNamespaces(() -> record, this);
    }

    @Override
    public synchronized void put(String key, String value) {
        if (breaks) {
            throw new IllegalStateException("broken for the test");
        }
        record = record.with(
                "customer_metadata", record.object("customer_metadata").with(key, value));
    }

    @Override
    public synchronized void delete(String key) {
        record = record.with(
                "customer_metadata", record.object("customer_metadata").without(key));
    }
}
