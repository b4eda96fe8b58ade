package zonda.metadata;

import java.util.List;
import java.util.Optional;

/** One VM's metadata as its guest sees it. Calls may come from several threads at once. */
public interface VmMetadata {
    /** The value, or empty when there is none, or none for guests. */
    Optional<String> get(String key);

    /** The keys of customer_metadata, in their order. */
    List<String> keys();

    /** Sets it, durably. @throws zonda.base.OpException with the words for the guest when it may not or can't be set */
    void put(String key, String value);

    /** Removes it, durably; fine when it isn't there. @throws zonda.base.OpException as {@link #put} */
    void delete(String key);
}
