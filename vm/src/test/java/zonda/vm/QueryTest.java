package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import zonda.base.Json;

class QueryTest {
    private final Columns columns = new Columns();
    private final Query query = new Query(columns);
    private final Json.Obj vm = Json.parseObject("""
            {"uuid": "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0", "alias": "Web01", "ram": 1024, "autoboot": true,
             "brand": "bhyve", "tags": {"role": "db"},
             "nics": [{"mac": "02:00:00:00:00:0a", "ip": "10.0.0.1"}, {"mac": "02:00:00:00:00:0b", "ip": "10.0.0.2"}]}
            """);

    @ParameterizedTest
    @CsvSource({
        "alias=Web01, true",
        "alias=web01, false",
        "alias=~web, true",
        "ram=1024, true",
        "autoboot=true, true",
        "tags.role=db, true",
        "tags.none=db, false",
        "nics.*.ip=10.0.0.2, true",
        "nics.0.ip=10.0.0.2, false",
        "nics.*.mac=2:0:0:0:0:A, true",
        "state=running, false",
    })
    void a_term_matches_as_vmadm_s_does(String term, boolean matches) {
        assertThat(query.parse(List.of(term), "filter").test(vm)).isEqualTo(matches);
    }

    @Test
    void all_terms_must_match() {
        assertThat(query.parse(List.of("ram=1024", "alias=x"), "lookup").test(vm))
                .isFalse();
    }

    @Test
    void unknown_keys_are_a_usage_error_in_each_command_s_word() {
        assertThatThrownBy(() -> query.parse(List.of("no=1"), "lookup")).hasMessage("Invalid lookup key: \"no\"");
        assertThatThrownBy(() -> query.parse(List.of("nics.0.x=1"), "filter"))
                .hasMessage("Invalid filter key: \"nics.0.x\"");
        assertThatThrownBy(() -> columns.parse("uuid,bad", "order")).hasMessage("Invalid order key: \"bad\"");
        assertThatThrownBy(() -> columns.sort("-bad")).hasMessage("Invalid sort key: \"bad\"");
    }

    @Test
    void the_type_column_shows_four_letters() {
        assertThat(columns.parse("type", "order").getFirst().value(vm)).isEqualTo("BHYV");
    }

    @Test
    void sorts_numbers_as_numbers_in_both_directions() {
        Json.Obj small = Json.object().with("ram", 512).with("alias", "b");
        Json.Obj large = Json.object().with("ram", 4096).with("alias", "a");

        assertThat(List.of(large, small).stream().sorted(columns.sort("ram")).toList())
                .containsExactly(small, large);
        assertThat(List.of(small, large).stream().sorted(columns.sort("-ram")).toList())
                .containsExactly(large, small);
        assertThat(List.of(small, large).stream().sorted(columns.sort("+alias")).toList())
                .containsExactly(large, small);
    }
}
