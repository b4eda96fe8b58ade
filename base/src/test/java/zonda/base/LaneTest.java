package zonda.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LaneTest {
    private static final Instant NOON = Instant.parse("2026-01-02T12:00:00.5Z");
    private static final Duration SOON = Duration.ofSeconds(10);

    private final Lane lane = new Lane("VM x", InstantSource.fixed(NOON), Duration.ofMillis(5));
    private final CountDownLatch ends = new CountDownLatch(1);
    private final List<String> done = new ArrayList<>();

    @AfterEach
    void end() {
        ends.countDown();
        lane.close();
    }

    private static final class Waiting implements Lane.Caller {
        private volatile String told = "";
        private volatile boolean gone;

        @Override
        public void tell(String words) {
            told += words;
        }

        @Override
        public boolean isGone() {
            return gone;
        }
    }

    private void occupy() {
        Thread.ofVirtual()
                .start(() -> lane.run("stop", () -> {
                    ends.await();
                    return done.add("stop");
                }));
        assertThat(Await.until(SOON, () -> lane.going().isPresent())).isTrue();
    }

    @Test
    void operations_run_in_their_order_and_failures_are_their_own() {
        assertThat(lane.run("get", () -> 1)).isEqualTo(1);
        assertThatThrownBy(() -> lane.run("start", () -> {
                    throw new OpException(Code.FAILED, "no");
                }))
                .hasMessage("no");
        assertThat(lane.going()).isEmpty();
    }

    @Test
    void who_waits_long_is_told_once_for_what() {
        occupy();
        var caller = new Waiting();
        Thread waiting = Thread.ofVirtual()
                .start(() ->
                        ScopedValue.where(Lane.CALLER, caller).run(() -> lane.run("start", () -> done.add("start"))));
        assertThat(Await.until(SOON, () -> !caller.told.isEmpty())).isTrue();
        ends.countDown();
        assertThat(Await.until(SOON, () -> !waiting.isAlive())).isTrue();

        assertThat(caller.told).isEqualTo("VM x is busy: stop, since 2026-01-02T12:00:00Z; waiting for its end");
        assertThat(done).containsExactly("stop", "start");
    }

    @Test
    void who_went_away_before_its_turn_has_nothing_done() {
        occupy();
        var caller = new Waiting();
        caller.gone = true;
        assertThatThrownBy(() ->
                        ScopedValue.where(Lane.CALLER, caller).run(() -> lane.run("start", () -> done.add("start"))))
                .hasMessage("the caller went away before it was its turn: nothing was done");
        ends.countDown();
        lane.run("get", () -> done.add("get"));
        assertThat(done).containsExactly("stop", "get");
    }
}
