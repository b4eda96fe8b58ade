package zonda.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class TogetherTest {
    @Test
    void what_is_begun_goes_on_beside_the_caller() {
        var met = new CountDownLatch(1);
        try (var both = new Together()) {
            both.begin(() -> {
                try {
                    met.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            met.countDown();
            both.await();
        }
        assertThat(met.getCount()).isZero();
    }

    @Test
    void a_failure_comes_to_who_awaits_it_as_it_was() {
        try (var both = new Together()) {
            both.begin(() -> {
                throw new OpException(Code.CONFLICT, "taken");
            });
            assertThatThrownBy(both::await).isInstanceOf(OpException.class).hasMessage("taken");
        }
    }

    @Test
    void nothing_goes_on_after_the_caller_has_left_by_a_failure() {
        var mayEnd = new CountDownLatch(1);
        var ended = new AtomicBoolean();
        assertThatThrownBy(() -> {
                    try (var both = new Together()) {
                        both.begin(() -> {
                            try {
                                mayEnd.await();
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                            ended.set(true);
                        });
                        mayEnd.countDown();
                        throw new IllegalStateException("the caller's own");
                    }
                })
                .hasMessage("the caller's own");
        assertThat(ended).isTrue();
    }
}
