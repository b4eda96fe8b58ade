package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;

/** Which words of limit_priv let a VM use dtrace. */
class TracingRightsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "default | false | false",
                "default,dtrace_user | true | false",
                "default,dtrace_proc | false | true",
                "default,dtrace_user,dtrace_proc | true | true",
                "all | true | true",
                "all,-dtrace_user | false | true",
                "all,!dtrace_proc | true | false",
                "default,-dtrace_user,-dtrace_proc | false | false",
                "default,dtrace_kernel | false | false",
                "default,-dtrace_user,dtrace_user | true | false",
            })
    void the_privileges_are_given_by_name_and_the_last_word_counts(String words, boolean user, boolean process) {
        Json.Obj properties = Json.object().with("limit_priv", Json.Arr.ofStrings(List.of(words.split(","))));

        assertThat(TracingRights.of(properties)).isEqualTo(new TracingRights(user, process));
        assertThat(TracingRights.of(Json.object().with("alias", "x")).any()).isFalse();
    }
}
