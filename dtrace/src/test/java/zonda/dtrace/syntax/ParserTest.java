package zonda.dtrace.syntax;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParserTest {
    private static List<Item> parse(String text) {
        var macros = new Macros(Map.of("target", 42L), List.of("dtrace", "7", "word"), false);
        return Parser.parse(text, macros, name -> name.endsWith("_t"));
    }

    @Test
    void a_clause_has_probes_a_predicate_and_statements() {
        var clause = (Item.Clause)
                parse("syscall::read:entry, BEGIN / pid == 3 / { x = 1; y++; }").getFirst();

        assertThat(clause.probes()).containsExactly("syscall::read:entry", "BEGIN");
        assertThat(clause.predicate()).isPresent();
        assertThat(clause.body()).hasSize(2);
    }

    @Test
    void division_in_a_predicate_is_not_its_end() {
        var clause = (Item.Clause) parse("BEGIN / x / 2 == 3 / { trace(1); }").getFirst();

        assertThat(clause.predicate().orElseThrow()).isInstanceOf(Expr.Binary.class);
    }

    @Test
    void macros_are_replaced_in_probes_and_expressions() {
        var clause = (Item.Clause)
                parse("pid$target::main:entry { trace($1); trace($$2); }").getFirst();

        assertThat(clause.probes()).containsExactly("pid42::main:entry");
    }

    @Test
    void multiplication_binds_tighter_than_addition() {
        var clause = (Item.Clause) parse("BEGIN { x = 1 + 2 * 3; }").getFirst();

        var assign = (Expr.Assign) ((Stmt.Do) clause.body().getFirst()).expression();
        assertThat(((Expr.Binary) assign.value()).operator()).isEqualTo("+");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "int x;",
                "self int y;",
                "this string z;",
                "int a[string, int];",
                "typedef struct foo { int a; char *b; unsigned c:3; } foo_t; BEGIN { }",
                "inline int X = 3;",
                "translator out_t < struct in *I > { a = I->b; };",
                "enum e { ONE, TWO = 5 }; BEGIN { trace(TWO); }",
                "BEGIN { trace(((struct task_struct *)arg0)->pid); }",
                "BEGIN { @a[execname, pid] = lquantize(arg0, 0, 100, 10); }",
                "BEGIN { if (x) { y = 1; } else if (z) y = 2; }",
                "BEGIN { trace(sizeof (int)); trace(stringof(arg0)); trace(xlate <foo_t> (arg0)); }",
                "BEGIN { x = y ? z : 0; w <<= 2; --v; }",
                "tick-1s, profile-97 { }",
                "BEGIN;",
                "#pragma D option quiet\nBEGIN { exit(0); }",
                "int (*f)(int, char *);",
            })
    void the_grammar_takes(String program) {
        assertThat(parse(program)).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN {", "BEGIN { trace(; }", "BEGIN / x { }", "{ }", "BEGIN { x = ; }", "BEGIN { \"abc }",
                "BEGIN { /* }", "BEGIN { 0x; }", "BEGIN { 1.5; }", "BEGIN { trace($9); }", "int;;", "struct { }",
                "BEGIN { ''; }", "BEGIN { 09; }", "BEGIN } {", "inline int x;",
            })
    void what_is_wrong_is_said_with_a_line(String program) {
        assertThatThrownBy(() -> parse(program)).isInstanceOfSatisfying(DError.class, error -> {
            assertThat(error.tag()).startsWith("D_");
            assertThat(error.text()).isNotBlank();
        });
    }

    @Test
    void deep_nesting_is_refused_and_no_stack_overflows() {
        assertThatThrownBy(() -> parse("BEGIN { x = " + "(".repeat(100_000) + "; }"))
                .isInstanceOf(DError.class)
                .hasMessageContaining("nested");
    }
}
