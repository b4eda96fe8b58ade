package zonda.storage;

import java.util.Set;

/**
 * Who asks: a process' effective user and all its groups, as the kernel has them.
 *
 * @param groups with the primary one
 */
public record Caller(int uid, Set<Integer> groups) {
    /** Whom nothing need be allowed. */
    public static final Caller ROOT = new Caller(0, Set.of(0));

    public Caller {
        groups = Set.copyOf(groups);
    }

    public boolean isRoot() {
        return uid == 0;
    }
}
