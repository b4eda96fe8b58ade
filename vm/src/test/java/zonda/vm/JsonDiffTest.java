package zonda.vm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import zonda.base.Json;

class JsonDiffTest {
    private static final Map<String, String> KEYS = Map.of("nics", "mac");

    private static List<String> changes(String before, String after) {
        return JsonDiff.between(Json.parseObject(before), Json.parseObject(after), KEYS).stream()
                .map(change -> change.prettyPath() + " " + change.action() + " "
                        + change.before().map(Json::compact).orElse("-") + " "
                        + change.after().map(Json::compact).orElse("-")
                        + change.ident().map(ident -> " of " + ident).orElse(""))
                .toList();
    }

    @Test
    void equal_objects_have_no_changes() {
        assertThat(changes(
                        "{\"a\": 1, \"b\": {\"c\": [1, {\"d\": 2}]}}", "{\"b\": {\"c\": [1, {\"d\": 2}]}, \"a\": 1}"))
                .isEmpty();
    }

    @Test
    void values_are_told_by_the_path_to_them() {
        assertThat(changes(
                        "{\"a\": {\"b\": {\"c\": 1, \"x\": 9}}, \"d\": 2}",
                        "{\"a\": {\"b\": {\"c\": \"1\"}}, \"e\": 3}"))
                .containsExactly("a.b.c changed 1 \"1\"", "a.b.x removed 9 -", "d removed 2 -", "e added - 3");
        assertThat(changes("{\"a\": {\"b\": 1}}", "{\"a\": 5}")).containsExactly("a changed {\"b\":1} 5");
    }

    @Test
    void members_of_arrays_are_known_by_their_key_or_by_all_they_are() {
        assertThat(changes(
                        "{\"nics\": [{\"mac\": \"m1\", \"ip\": \"old\"}, {\"mac\": \"m2\"}]}",
                        "{\"nics\": [{\"mac\": \"m3\"}, {\"mac\": \"m1\", \"ip\": \"new\"}]}"))
                .containsExactly(
                        "nics.*.ip changed \"old\" \"new\" of m1",
                        "nics.* removed {\"mac\":\"m2\"} - of m2",
                        "nics.* added - {\"mac\":\"m3\"} of m3");
        assertThat(changes(
                        "{\"things\": [{\"mac\": 1, \"x\": 1}, \"s\"]}",
                        "{\"things\": [\"s\", {\"mac\": 1, \"x\": 2}]}"))
                .containsExactly("things.* removed {\"mac\":1,\"x\":1} -", "things.* added - {\"mac\":1,\"x\":2}");
    }

    @Test
    void a_change_in_json_has_the_path_with_null_for_a_member_of_an_array() {
        JsonDiff.Change change = JsonDiff.between(
                        Json.parseObject("{\"nics\": [{\"mac\": \"m\", \"ip\": \"a\"}]}"),
                        Json.parseObject("{\"nics\": [{\"mac\": \"m\", \"ip\": \"b\"}]}"),
                        KEYS)
                .getFirst();
        assertThat(change.toJson()).isEqualTo(Json.parseObject("""
                                {"path": ["nics", null, "ip"], "prettyPath": "nics.*.ip", "ident": "m",
                                 "action": "changed", "oldValue": "a", "newValue": "b"}
                                """));
    }
}
