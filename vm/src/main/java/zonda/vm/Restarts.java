package zonda.vm;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** How long to wait before an init that died is started again: longer each time, until it stays up for a while. */
final class Restarts {
    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final Duration STABLE = Duration.ofSeconds(60);

    private record Last(Instant when, Duration delay) {}

    private final Map<UUID, Last> last = new ConcurrentHashMap<>();

    Duration delay(UUID vm, Instant now) {
        Duration doubled = Optional.ofNullable(last.get(vm))
                .filter(before -> Duration.between(before.when(), now).compareTo(STABLE) <= 0)
                .map(before -> before.delay().multipliedBy(2))
                .orElse(FIRST);
        Duration delay = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
        last.put(vm, new Last(now, delay));
        return delay;
    }

    void forget(UUID vm) {
        last.remove(vm);
    }
}
