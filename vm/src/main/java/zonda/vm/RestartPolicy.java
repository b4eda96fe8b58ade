package zonda.vm;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.base.Json;
import zonda.zones.ExitStatus;

/**
 * docker:restartpolicy: whether a container that has ended is started again.
 *
 * @param most how often in a row; empty for no limit
 */
record RestartPolicy(When when, OptionalInt most) {
    static final RestartPolicy NEVER = new RestartPolicy(When.NEVER, OptionalInt.empty());

    enum When {
        NEVER,
        ON_FAILURE,
        ALWAYS
    }

    private static final Pattern ON_FAILURE = Pattern.compile("on-failure(?::([0-9]{1,6}))?");
    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration LONGEST = Duration.ofMinutes(1);
    /** One that ran as long as this begins to count anew. */
    private static final Duration STABLE = Duration.ofSeconds(10);
    /** After which the longest delay is passed, and doubling stops. */
    private static final int DOUBLINGS = 10;

    static Optional<RestartPolicy> parse(String text) {
        Matcher failure = ON_FAILURE.matcher(text);
        if (failure.matches()) {
            String most = failure.group(1);
            return Optional.of(new RestartPolicy(
                    When.ON_FAILURE,
                    most == null || Integer.parseInt(most) == 0
                            ? OptionalInt.empty()
                            : OptionalInt.of(Integer.parseInt(most))));
        }
        return switch (text) {
            case "no" -> Optional.of(NEVER);
            case "always" -> Optional.of(new RestartPolicy(When.ALWAYS, OptionalInt.empty()));
            default -> Optional.empty();
        };
    }

    /** What comes after an end: a restart of this number in a row, after a delay. */
    record Next(int count, Duration delay) {
        /** Into the VM's internal_metadata, where SmartOS has it. */
        Json.Obj into(Json.Obj internal) {
            return internal.with("docker:restartcount", count).with("docker:restartdelay", delay.toMillis());
        }
    }

    /**
     * @param exit empty when nobody saw how it ended
     * @param ran how long
     * @param internal the VM's internal_metadata
     */
    Optional<Next> after(Optional<ExitStatus> exit, Duration ran, Json.Obj internal) {
        int before = ran.compareTo(STABLE) >= 0
                ? 0
                : (int) Math.clamp(internal.integer("docker:restartcount", 0), 0, Integer.MAX_VALUE - 1);
        boolean failed = exit.filter(status -> status.code() == 0).isEmpty();
        boolean wanted = when == When.ALWAYS || (when == When.ON_FAILURE && failed);
        if (!wanted || (most.isPresent() && before >= most.getAsInt())) {
            return Optional.empty();
        }
        Duration doubled = FIRST.multipliedBy(1L << Math.min(before, DOUBLINGS));
        return Optional.of(new Next(before + 1, doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled));
    }
}
