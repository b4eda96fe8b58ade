package zonda.metadata;

/** Where a guest's changes go: the customer_metadata of its VM's record. Durable when a call returns. */
public interface CustomerMetadata {
    void put(String key, String value);

    /** Fine when it isn't there. */
    void delete(String key);
}
