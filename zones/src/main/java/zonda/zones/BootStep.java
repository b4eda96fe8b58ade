package zonda.zones;

/** What its caller does to a zone that is made but has not run its first instruction: NICs, above all. */
@FunctionalInterface
public interface BootStep {
    /** @param initPid the zone's first process, waiting, in all its namespaces */
    void prepared(long initPid);
}
