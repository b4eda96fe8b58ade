package zonda.zones;

import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import zonda.base.Json;

/** The filters of system calls that zones get, each made once for a set of capabilities. Any thread may ask. */
final class Seccomp {
    /** @param program in base64, where it could be compiled */
    record Filter(Json.Obj profile, Optional<String> program) {}

    private final ConcurrentMap<Set<String>, Filter> filters = new ConcurrentHashMap<>();

    Filter forCapabilities(Set<String> capabilities) {
        return filters.computeIfAbsent(Set.copyOf(capabilities), set -> {
            SeccompProfile profile = SeccompProfile.read(SeccompProfile.SOURCE);
            return new Filter(profile.forCapabilities(set), profile.compiled(set));
        });
    }
}
