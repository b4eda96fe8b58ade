package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import zonda.base.Json;
import zonda.zones.ExitStatus;

class RestartPolicyTest {
    private static final Duration SHORT = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofSeconds(10);

    private static Optional<ExitStatus> exit(int code) {
        return Optional.of(new ExitStatus(code, Instant.EPOCH));
    }

    private static Json.Obj restarted(int times) {
        return Json.object().with("docker:restartcount", times);
    }

    private static RestartPolicy policy(String text) {
        return RestartPolicy.parse(text).orElseThrow();
    }

    @Test
    void delays_double_from_a_tenth_of_a_second_to_a_minute_and_begin_again_after_ten_seconds_up() {
        RestartPolicy always = policy("always");
        assertThat(always.after(exit(0), SHORT, Json.object()).orElseThrow())
                .isEqualTo(new RestartPolicy.Next(1, Duration.ofMillis(100)));
        assertThat(always.after(exit(0), SHORT, restarted(3)).orElseThrow())
                .isEqualTo(new RestartPolicy.Next(4, Duration.ofMillis(800)));
        assertThat(always.after(exit(0), SHORT, restarted(2_000_000))
                        .orElseThrow()
                        .delay())
                .isEqualTo(Duration.ofMinutes(1));
        assertThat(always.after(exit(0), LONG, restarted(9)).orElseThrow())
                .isEqualTo(new RestartPolicy.Next(1, Duration.ofMillis(100)));
    }

    @Test
    void failures_are_restarted_as_often_as_said_and_an_unseen_end_counts_as_one() {
        RestartPolicy twice = policy("on-failure:2");
        assertThat(twice.after(exit(0), SHORT, Json.object())).isEmpty();
        assertThat(twice.after(exit(1), SHORT, restarted(1))).isPresent();
        assertThat(twice.after(exit(1), SHORT, restarted(2))).isEmpty();
        assertThat(twice.after(exit(1), LONG, restarted(2))).isPresent();
        assertThat(twice.after(Optional.empty(), SHORT, Json.object())).isPresent();
        assertThat(policy("on-failure").after(exit(1), SHORT, restarted(1000))).isPresent();
        assertThat(policy("on-failure:0").after(exit(1), SHORT, restarted(1000)))
                .as("0 is no limit, as docker has it")
                .isPresent();
    }

    @Test
    void never_is_never_and_other_words_are_none() {
        assertThat(policy("no").after(exit(1), SHORT, Json.object())).isEmpty();
        assertThat(RestartPolicy.parse("on-failure:x")).isEmpty();
        assertThat(RestartPolicy.parse("on-failure:-1")).isEmpty();
        assertThat(RestartPolicy.parse("sometimes")).isEmpty();
    }

    @Test
    void counts_are_kept_where_smartos_has_them() {
        assertThat(new RestartPolicy.Next(2, Duration.ofMillis(200)).into(Json.object()))
                .isEqualTo(Json.object().with("docker:restartcount", 2).with("docker:restartdelay", 200));
    }
}
