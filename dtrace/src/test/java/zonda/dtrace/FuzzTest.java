package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import zonda.dtrace.syntax.DError;

/** Random programs: whatever is wrong with one is said in words, and what is right computes what it should. */
class FuzzTest {
    private static final int PROGRAMS = Integer.getInteger("zonda.fuzz", 600);
    private static final long SEED = Long.getLong("zonda.seed", 20261);
    private static final String[] WORDS = {
        "BEGIN",
        "END",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "/",
        ";",
        ",",
        "x",
        "y",
        "self->z",
        "this->w",
        "@a",
        "@",
        "=",
        "+=",
        "++",
        "--",
        "+",
        "-",
        "*",
        "%",
        "&",
        "|",
        "^",
        "~",
        "!",
        "<<",
        ">>",
        "<",
        ">=",
        "==",
        "!=",
        "&&",
        "||",
        "^^",
        "?",
        ":",
        "1",
        "0",
        "0x7f",
        "077",
        "9999999999999999999",
        "'a'",
        "\"s\"",
        "count()",
        "sum(",
        "quantize(",
        "printf(",
        "\"%d\"",
        "\"%s\"",
        "\"%*d\"",
        "trace(",
        "printa(",
        "exit(0)",
        "if",
        "else",
        "sizeof",
        "stringof",
        "xlate",
        "struct",
        "int",
        "char *",
        "string",
        "inline",
        "typedef",
        "translator",
        "execname",
        "pid",
        "arg0",
        "args[0]",
        "curthread",
        "strlen(",
        "substr(",
        "strtok(",
        "copyin(",
        "copyinstr(",
        "speculation()",
        "commit(",
        "$1",
        "$target",
        "$$2",
        "`sym",
        "->",
        ".",
        "tick-1s",
        "syscall:::entry",
        "profile:::",
        "#pragma D option quiet\n",
        "/*",
        "*/",
        "lquantize(",
        "llquantize(",
        "normalize(@a, 1)",
        "trunc(@a)",
        "clear(@a)",
        "\n",
        "stack()",
        "ustack(",
        "(void)",
        "(int *)",
    };

    @Test
    void no_program_ends_in_anything_but_words() {
        var random = new Random(SEED);
        for (int i = 0; i < PROGRAMS; i++) {
            String program = soup(random);
            try {
                Unit unit = Machines.unit();
                unit.add(program, Machines.macros(), true);
                new Programs(unit).plan();
            } catch (DError e) {
                assertThat(e.text()).as("seed %d, program %s", SEED, program).isNotBlank();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + SEED + ", program " + program, e);
            }
        }
    }

    private static String soup(Random random) {
        var text = new StringBuilder(random.nextBoolean() ? "BEGIN { " : "");
        int length = 1 + random.nextInt(20);
        for (int i = 0; i < length; i++) {
            text.append(WORDS[random.nextInt(WORDS.length)]).append(random.nextInt(4) == 0 ? "" : " ");
        }
        return text.append(random.nextBoolean() ? " }" : "").toString();
    }

    /** A number with its type: what C says of it. */
    private record Value(String text, long value, int size, boolean signed) {}

    @Test
    void what_is_compiled_computes_what_the_expression_says() {
        var random = new Random(SEED);
        for (int round = 0; round < PROGRAMS / 30; round++) {
            var values = new ArrayList<Value>();
            var program = new StringBuilder("BEGIN { ");
            // Variables, so that the compiler can't compute everything by itself.
            long[] variables = new long[3];
            for (int v = 0; v < variables.length; v++) {
                variables[v] = random.nextInt(3) == 0 ? random.nextLong() : random.nextInt(200) - 100;
                program.append("v")
                        .append(v)
                        .append(" = (int64_t)")
                        .append(literal(variables[v]))
                        .append("; ");
            }
            for (int i = 0; i < 8; i++) {
                Value value = expression(random, variables, 4);
                values.add(value);
                program.append("trace((int64_t)(").append(value.text()).append(")); ");
            }
            program.append("}");

            List<Long> computed = Machines.begin(program.toString());

            assertThat(computed)
                    .as("seed %d: %s", SEED, program)
                    .containsExactlyElementsOf(values.stream().map(Value::value).toList());
        }
    }

    private static String literal(long value) {
        return value == Long.MIN_VALUE ? "0x8000000000000000" : value < 0 ? "(-" + -value + ")" : Long.toString(value);
    }

    private static Value expression(Random random, long[] variables, int depth) {
        if (depth == 0 || random.nextInt(5) == 0) {
            if (random.nextBoolean()) {
                int variable = random.nextInt(variables.length);
                return new Value("v" + variable, variables[variable], 8, true);
            }
            int number = random.nextInt(1000);
            return new Value(Integer.toString(number), number, 4, true);
        }
        return switch (random.nextInt(12)) {
            case 0 -> unary(random, variables, depth, "-");
            case 1 -> unary(random, variables, depth, "~");
            case 2 -> {
                Value one = expression(random, variables, depth - 1);
                yield new Value("(!" + one.text() + ")", one.value() == 0 ? 1 : 0, 4, true);
            }
            case 3 -> {
                Value one = expression(random, variables, depth - 1);
                yield new Value("((uint8_t)" + one.text() + ")", one.value() & 0xff, 1, false);
            }
            case 4 -> {
                Value one = expression(random, variables, depth - 1);
                yield new Value("((short)" + one.text() + ")", (short) one.value(), 2, true);
            }
            case 5 -> {
                Value condition = expression(random, variables, depth - 1);
                Value yes = expression(random, variables, depth - 1);
                Value no = expression(random, variables, depth - 1);
                Value type = promoted(yes, no, 0);
                yield new Value(
                        "(" + condition.text() + " ? " + yes.text() + " : " + no.text() + ")",
                        condition.value() != 0 ? yes.value() : no.value(),
                        type.size(),
                        type.signed());
            }
            default -> binary(random, variables, depth);
        };
    }

    private static Value unary(Random random, long[] variables, int depth, String operator) {
        Value one = expression(random, variables, depth - 1);
        long value = operator.equals("-") ? -one.value() : ~one.value();
        return fitted(
                "(" + operator + one.text() + ")", value, Math.max(4, one.size()), one.size() < 4 || one.signed());
    }

    private static Value promoted(Value left, Value right, long value) {
        int size = Math.max(4, Math.max(left.size(), right.size()));
        boolean unsigned = left.size() == size && !left.signed() || right.size() == size && !right.signed();
        return fitted("", value, size, !unsigned);
    }

    private static Value fitted(String text, long value, int size, boolean signed) {
        long fit = size >= 8 ? value : signed ? (int) value : value & 0xffffffffL;
        return new Value(text, fit, size, signed);
    }

    private static Value binary(Random random, long[] variables, int depth) {
        Value left = expression(random, variables, depth - 1);
        Value right = expression(random, variables, depth - 1);
        String[] operators = {"+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "==", "<", ">=", "&&", "||", "^^"};
        String operator = operators[random.nextInt(operators.length)];
        if ((operator.equals("/") || operator.equals("%")) && right.value() == 0) {
            operator = "+";
        }
        if (operator.equals("<<") || operator.equals(">>")) {
            int count = random.nextInt(20);
            right = new Value(Integer.toString(count), count, 4, true);
        }
        String text = "(" + left.text() + " " + operator + " " + right.text() + ")";
        long a = left.value();
        long b = right.value();
        return switch (operator) {
            case "&&" -> new Value(text, a != 0 && b != 0 ? 1 : 0, 4, true);
            case "||" -> new Value(text, a != 0 || b != 0 ? 1 : 0, 4, true);
            case "^^" -> new Value(text, a != 0 ^ b != 0 ? 1 : 0, 4, true);
            case "==" -> new Value(text, a == b ? 1 : 0, 4, true);
            case "<" -> new Value(text, a < b ? 1 : 0, 4, true);
            case ">=" -> new Value(text, a >= b ? 1 : 0, 4, true);
            case "<<", ">>" -> fitted(text, operator.equals("<<") ? a << b : a >> b, Math.max(4, left.size()), true);
            default -> {
                long value = switch (operator) {
                    case "+" -> a + b;
                    case "-" -> a - b;
                    case "*" -> a * b;
                    case "/" -> a / b;
                    case "%" -> a % b;
                    case "&" -> a & b;
                    case "|" -> a | b;
                    default -> a ^ b;
                };
                Value type = promoted(left, right, value);
                yield new Value(text, type.value(), type.size(), type.signed());
            }
        };
    }
}
