package zonda.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class JsonTest {
    @Test
    void prints_as_json_stringify_does() {
        var value = Json.parse("{\"b\":1.50,\"a\":[1,\"x\\u0001\\n\",null,true],\"e\":{},\"f\":[],\"big\":1e3}");

        assertThat(value.compact())
                .isEqualTo("{\"b\":1.5,\"a\":[1,\"x\\u0001\\n\",null,true],\"e\":{},\"f\":[],\"big\":1000}");
        assertThat(Json.parse("{\"a\":[1],\"b\":{}}").pretty()).isEqualTo("{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}");
    }

    @Test
    void says_where_the_text_is_wrong() {
        assertThatThrownBy(() -> Json.parse("{\n  \"a\": ,\n}")).hasMessageContaining("line 2");
        assertThatThrownBy(() -> Json.parse("{} x")).isInstanceOf(Json.JsonSyntaxException.class);
        assertThatThrownBy(() -> Json.parse("")).hasMessageContaining("empty");
        assertThatThrownBy(() -> Json.parse("{\"a\": [1"))
                .as("in words for who wrote it")
                .hasMessageMatching(
                        "Unexpected end-of-input: expected close marker for Array \\(line 1, column \\d+\\)");
    }
}
