package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the compiler writes, run by {@link BpfMachine}. */
class CompiledProgramTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 + 2 * 3 | 7",
                "-7 / 2 | -3",
                "pid | 7",
                "strlen(\"hello\") | 5",
                "index(\"the quick brown fox\", \"quick brown\") | 4",
                "rindex(\"banana\", \"an\") | 3",
                "strtoll(\"-42\") | -42",
                "\"abc\" < \"abd\" | 1",
                "strjoin(\"ab\", \"cd\") == \"abcd\" | 1",
                "basename(\"/a/b/c\") == \"c\" | 1",
                "toupper(\"aZ{`\") == \"AZ{`\" | 1",
                "lltostr(-907) == \"-907\" | 1",
                "substr(\"hello\", 1, 3) == \"ell\" | 1",
                "htonl(0x01020304) == 0x04030201 | 1",
            })
    void expressions_have_their_values(String expression, long value) {
        assertThat(Machines.begin("BEGIN { trace((int64_t)(" + expression + ")); }"))
                .containsExactly(value);
    }

    @Test
    void clauses_share_their_variables() {
        assertThat(Machines.begin("BEGIN { x = 1; self->y = 2; this->z = 3; a[x, \"k\"] = 4; } BEGIN /x == 1/ {"
                        + " trace((long)x); trace((long)self->y); trace((long)this->z); trace((long)a[1, \"k\"]);"
                        + " trace((long)a[2, \"k\"]); }"))
                .containsExactly(1L, 2L, 3L, 4L, 0L);
    }

    @Test
    void an_element_that_is_set_to_zero_is_gone() {
        assertThat(Machines.begin("BEGIN { a[1] = 5; a[1] = 0; a[1]++; trace((long)a[1]); }"))
                .containsExactly(1L);
    }

    @Test
    void a_fault_leaves_a_record_of_its_own() {
        // The number of the enabled probe with that of the action, the kind of fault, and the address.
        assertThat(Machines.begin("BEGIN { trace(*(int *)16); }")).containsExactly(1L << 32 | 1, 1L, 16L);
    }

    @Test
    void a_value_that_nobody_wants_is_computed_and_forgotten() {
        assertThat(Machines.begin("BEGIN { (void)stack(); (void)ustack(3); (void)sym(1); trace((long)5); }"))
                .containsExactly(5L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // Behind what was given, more than there is, not one's own, from another clause, in no base.
                "this->p = (char *)alloca(10); this->p[10] = 1; | 2 | 1",
                "this->p = alloca(9999999); | 1 | 5",
                "this->p = alloca(-1); | 1 | 5",
                "bcopy(\"text\", alloca(4), 5); | 1 | 1",
                "bcopy(\"text\", alloca(0), 1); | 1 | 1",
                "this->p = (char *)alloca(8); } BEGIN { this->p[0] = 1; | 1 | 1",
                "trace(strtoll(\"1\", 1)); | 1 | 3",
            })
    void what_must_not_be_done_is_a_fault(String statements, long action, long kind) {
        List<Long> fault = Machines.begin("BEGIN { " + statements + " }");

        assertThat(fault).hasSize(3);
        assertThat(fault.get(0) >>> 32).isEqualTo(action);
        assertThat(fault.get(1)).isEqualTo(kind);
    }

    @Test
    void memory_that_a_clause_was_given_is_its_own() {
        assertThat(Machines.begin("this int a[3]; BEGIN { this->p = (char *)alloca(10); this->q = (int *)alloca(8);"
                        + " this->p[9] = 5; this->i = 1; this->q[this->i] = 6; this->a[this->i] = 7;"
                        + " trace((long)this->p[9]); trace((long)this->q[1]); trace((long)this->a[1]); }"))
                .containsExactly(5L, 6L, 7L);
    }

    @Test
    void two_programs_that_make_the_same_element_at_once_both_count() {
        List<ByteBuffer> values = Machines.interrupted("BEGIN { @[\"key\"] = sum(21); }");

        assertThat(values).hasSize(1);
        assertThat(values.getFirst().getLong(0)).isEqualTo(2);
        assertThat(values.getFirst().getLong(8)).isEqualTo(42);
    }
}
