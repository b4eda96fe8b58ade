package zonda.zones;

/** What its caller does to a zone that is made but has not run its first instruction: NICs, above all. */
@FunctionalInterface
public interface BootStep {
    /** What the zone's first program needs but its making does not: done while the runtime makes the zone. */
    default void meanwhile() {}

    /** Whether a first program that has ended already counts as booted: who waits for the zone tells why it ended. */
    default boolean mayHaveEnded() {
        return false;
    }

    /** @param initPid the zone's first process, waiting, in all its namespaces */
    void prepared(long initPid);
}
