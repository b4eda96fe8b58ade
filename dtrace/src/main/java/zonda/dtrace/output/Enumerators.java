package zonda.dtrace.output;

import java.util.Optional;

/** Names of the values of enumerations. */
@FunctionalInterface
public interface Enumerators {
    /** @param type as {@code enum tag} */
    Optional<String> name(String type, long value);
}
