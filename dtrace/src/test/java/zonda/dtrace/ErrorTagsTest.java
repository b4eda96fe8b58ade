package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import zonda.dtrace.syntax.DError;

/** Programs that are wrong, and what is said of them. */
class ErrorTagsTest {
    static List<String> wrong() {
        return Library.text("wrong.txt")
                .lines()
                .filter(line -> !line.startsWith("#"))
                .toList();
    }

    private static DError error(String program) {
        return catchThrowableOfType(
                DError.class, () -> Machines.unit().add(program.replace('`', '\n'), Machines.macros(), true));
    }

    @ParameterizedTest
    @MethodSource("wrong")
    void a_program_that_is_wrong_is_refused_with_its_tag(String line) {
        int blank = line.indexOf(' ');
        DError error = error(line.substring(blank + 1));

        assertThat(error).isNotNull();
        assertThat(error.tag()).as(error.text()).isEqualTo(line.substring(0, blank));
        assertThat(error.text()).isNotBlank();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "BEGIN { x = 1; x = \"a\"; } | operands have incompatible types: \"int\" = \"string\"",
                "BEGIN { exit(); } | exit( ) prototype mismatch: 0 args passed, 1 expected",
                "BEGIN { trace(self->x); } | self->x has not yet been declared or assigned",
                "BEGIN { trace(x); } | failed to resolve x: Unknown variable name",
                "BEGIN { x++; trace(x->y); } | operator -> must be applied to a pointer",
                "BEGIN { a[1] = 1; a[1, 2] = 1; } | a[ ] prototype mismatch: 2 args passed, 1 expected",
                "BEGIN { printf(\"%d %d\", 1); } | printf( ) prototype mismatch: conversion #2 (%d) is missing a"
                        + " corresponding value argument",
                "BEGIN { @a = lquantize(1, 0, 9, 2); @a = lquantize(1, 1, 9, 2); } | lquantize( ) base (argument #1)"
                        + " doesn't match previous declaration: expected 0, found 1",
                "int a[5]; BEGIN { a[5] = 1; } | index outside array bounds: 5, max is 5",
                "BEGIN { @a = count(); x = @a + 1; } | operands have incompatible types: \"aggregation\" + \"int\"",
                "int n[int]; BEGIN { n[\"x\"] = 1; } | 'n[ ] key #1 is incompatible with prototype:\n\tprototype: int\n"
                        + "\t      key: string'",
                "int 0abc; | syntax error near \"0\"",
                "BEGIN { trace(089); } | constant 089 contains invalid digit 8",
            })
    void the_words_are_those_of_illumos(String program, String words) {
        assertThat(error(program).text()).isEqualTo(words);
    }
}
