package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BootOnceTest {
    @Test
    void what_start_is_told_is_for_one_boot() {
        BootOnce once = BootOnce.parse(List.of("order=cd,once=d", "cdrom=/a.iso,ide", "disk=/b.img,virtio"));

        assertThat(once.order()).map(Object::toString).contains("order=cd,once=d");
        assertThat(once.drives().getFirst().compact())
                .isEqualTo("{\"path\":\"/a.iso\",\"model\":\"ide\",\"media\":\"cdrom\"}");
        assertThat(BootOnce.parse(List.of())).isEqualTo(BootOnce.NOTHING);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "order=cd order=d | You can only specify 'order' once when starting a VM",
                "cdrom=/a.iso | Parameter to cdrom must be: path,model",
                "disk=,virtio | Parameter to disk must be: path,model",
                "floppy=/a | Invalid argument to start: floppy",
            },
            quoteCharacter = '`')
    void what_it_does_not_know_is_refused(String words, String message) {
        assertThatThrownBy(() -> BootOnce.parse(List.of(words.split(" ")))).hasMessageStartingWith(message);
    }
}
