package zonda.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import zonda.base.Code;
import zonda.base.OpException;

class ClaimsTest {
    private final Claims claims = new Claims(Duration.ZERO);

    private void conflicts(List<String> changed, List<String> kept) {
        assertThatThrownBy(() -> claims.claim(changed, kept))
                .isInstanceOfSatisfying(
                        OpException.class, e -> assertThat(e.code()).isEqualTo(Code.CONFLICT))
                .hasMessageContaining(changed.getFirst());
    }

    private void free(List<String> changed, List<String> kept) {
        try (var claim = claims.claim(changed, kept)) {
            assertThat(claim).isNotNull();
        }
    }

    @Test
    void verbs_on_siblings_do_not_wait_for_each_other() {
        try (var _ = claims.claim(List.of("tank/a"), List.of("tank"))) {
            free(List.of("tank/b"), List.of("tank"));
            free(List.of("tank/ab"), List.of("tank"));
        }
    }

    @Test
    void a_verb_waits_for_those_above_and_below_it() {
        try (var _ = claims.claim(List.of("tank/a/b"), List.of("tank/a"))) {
            conflicts(List.of("tank/a"), List.of());
            conflicts(List.of("tank"), List.of());
            conflicts(List.of("tank/a/b/c"), List.of());
            conflicts(List.of("tank/a/b@snap"), List.of());
        }
        free(List.of("tank"), List.of());
    }

    @Test
    void what_is_relied_upon_may_be_so_by_many_and_changed_by_none() {
        try (var _ = claims.claim(List.of("tank/vm"), List.of("tank", "tank/image@final"))) {
            free(List.of("tank/other"), List.of("tank", "tank/image@final"));
            conflicts(List.of("tank/image@final"), List.of());
            conflicts(List.of("tank/image"), List.of());
        }
    }
}
