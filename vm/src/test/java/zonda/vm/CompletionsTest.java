package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import zonda.base.Await;

class CompletionsTest {
    private static final Duration SOON = Duration.ofSeconds(10);

    private final Completions completions = new Completions();
    private final AtomicInteger done = new AtomicInteger();
    private final UUID vm = UUID.randomUUID();

    @Test
    void two_that_complete_the_same_boot_do_it_once_and_both_wait() throws InterruptedException {
        var mayEnd = new CountDownLatch(1);
        Runnable work = () -> {
            done.incrementAndGet();
            waitFor(mayEnd);
        };
        Thread first = Thread.ofVirtual().start(() -> completions.once(vm, "boot 1", work));
        assertThat(Await.until(SOON, () -> done.get() == 1)).isTrue();
        Thread second = Thread.ofVirtual().start(() -> completions.once(vm, "boot 1", work));
        assertThat(Await.until(SOON, () -> second.getState() == Thread.State.WAITING))
                .isTrue();

        mayEnd.countDown();
        assertThat(first.join(SOON)).isTrue();
        assertThat(second.join(SOON)).isTrue();
        assertThat(done).hasValue(1);
    }

    @Test
    void a_boot_that_was_completed_is_not_completed_again() {
        completions.once(vm, "boot 1", done::incrementAndGet);
        completions.once(vm, "boot 1", done::incrementAndGet);
        assertThat(done).hasValue(1);
    }

    @Test
    void each_boot_and_each_vm_is_completed() {
        completions.once(vm, "boot 1", done::incrementAndGet);
        completions.once(vm, "boot 2", done::incrementAndGet);
        completions.once(UUID.randomUUID(), "boot 2", done::incrementAndGet);
        completions.forget(vm);
        completions.once(vm, "boot 2", done::incrementAndGet);
        assertThat(done).hasValue(4);
    }

    @Test
    void a_failure_is_everyones_who_asked() {
        Runnable failing = () -> {
            throw new IllegalStateException("does not come up");
        };
        assertThatThrownBy(() -> completions.once(vm, "boot 1", failing)).hasMessage("does not come up");
        assertThatThrownBy(() -> completions.once(vm, "boot 1", done::incrementAndGet))
                .hasMessage("does not come up");
        assertThat(done).hasValue(0);
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
