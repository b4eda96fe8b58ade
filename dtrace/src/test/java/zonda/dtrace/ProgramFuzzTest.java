package zonda.dtrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import zonda.dtrace.syntax.DError;

/** Random programs of statements: what the compiled one records is what a walk over the same tree says. */
class ProgramFuzzTest {
    private static final int PROGRAMS = Integer.getInteger("zonda.fuzz", 600) / 6;
    private static final long SEED = Long.getLong("zonda.seed", 20263);
    private static final String[] NAMES = {"g", "h", "this->t", "self->s", "a[1]", "a[g]", "b[\"k\", 2]", "b[\"k\", h]"
    };

    /** What a program has computed so far. */
    private static final class State {
        private final Map<String, Long> variables = new HashMap<>();
        private final List<Long> traced = new ArrayList<>();

        private String place(String name) {
            return name.replace("[g]", "[" + get("g") + "]").replace(", h]", ", " + get("h") + "]");
        }

        long get(String name) {
            return variables.getOrDefault(name.indexOf('[') < 0 ? name : place(name), 0L);
        }

        void set(String name, long value) {
            variables.put(name.indexOf('[') < 0 ? name : place(name), value);
        }
    }

    private record Expression(String text, ToLongFunction<State> value) {}

    private record Statement(String text, Consumer<State> effect) {}

    @Test
    void statements_have_the_effects_that_the_tree_says() {
        var random = new Random(SEED);
        for (int i = 0; i < PROGRAMS; i++) {
            var state = new State();
            var program = new StringBuilder("int64_t g; int64_t h; this int64_t t; self int64_t s; int64_t a[int64_t];"
                    + " int64_t b[string, int64_t];\n");
            for (int clause = 1 + random.nextInt(3); clause > 0; clause--) {
                Expression predicate = expression(random, 2);
                Statement body = block(random, 2);
                program.append("BEGIN /")
                        .append(predicate.text())
                        .append("/ {")
                        .append(body.text())
                        .append(" }\n");
                if (predicate.value().applyAsLong(state) != 0) {
                    body.effect().accept(state);
                }
            }
            program.append("BEGIN {");
            for (String name : NAMES) {
                program.append(" trace((int64_t)").append(name).append(");");
                state.traced.add(state.get(name));
            }
            program.append(" }");

            assertThat(Machines.begin(program.toString()))
                    .as("seed %d, program %d: %s", SEED, i, program)
                    .containsExactlyElementsOf(state.traced);
        }
    }

    private static Statement block(Random random, int depth) {
        var statements = new ArrayList<Statement>();
        var text = new StringBuilder();
        for (int i = 1 + random.nextInt(4); i > 0; i--) {
            Statement one = statement(random, depth);
            statements.add(one);
            text.append(' ').append(one.text());
        }
        return new Statement(
                text.toString(), state -> statements.forEach(one -> one.effect().accept(state)));
    }

    private static Statement statement(Random random, int depth) {
        String name = NAMES[random.nextInt(NAMES.length)];
        Expression value = expression(random, 2);
        return switch (random.nextInt(depth > 0 ? 7 : 5)) {
            case 0 -> new Statement(name + "++;", state -> state.set(name, state.get(name) + 1));
            case 1 -> new Statement("--" + name + ";", state -> state.set(name, state.get(name) - 1));
            case 2 ->
                new Statement(name + " += " + value.text() + ";", state -> {
                    long added = value.value().applyAsLong(state);
                    state.set(name, state.get(name) + added);
                });
            case 3 ->
                new Statement(
                        "trace((int64_t)" + value.text() + ");",
                        state -> state.traced.add(value.value().applyAsLong(state)));
            case 4 ->
                new Statement(name + " = " + value.text() + ";", state -> {
                    long assigned = value.value().applyAsLong(state);
                    state.set(name, assigned);
                });
            default -> {
                Statement yes = block(random, depth - 1);
                Statement no = block(random, depth - 1);
                yield new Statement(
                        "if (" + value.text() + ") {" + yes.text() + " } else {" + no.text() + " }",
                        state -> (value.value().applyAsLong(state) != 0 ? yes : no)
                                .effect()
                                .accept(state));
            }
        };
    }

    private static Expression expression(Random random, int depth) {
        if (depth == 0 || random.nextInt(4) == 0) {
            if (random.nextBoolean()) {
                long number = random.nextInt(5);
                return new Expression("(int64_t)" + number, _ -> number);
            }
            String name = NAMES[random.nextInt(NAMES.length)];
            return new Expression(name, state -> state.get(name));
        }
        Expression left = expression(random, depth - 1);
        Expression right = expression(random, depth - 1);
        ToLongFunction<State> a = left.value();
        ToLongFunction<State> b = right.value();
        String[] operators = {"+", "-", "*", "^", "==", "<", "&&", "||", "?"};
        String operator = operators[random.nextInt(operators.length)];
        if (operator.equals("?")) {
            Expression otherwise = expression(random, depth - 1);
            return new Expression(
                    "(" + left.text() + " ? " + right.text() + " : " + otherwise.text() + ")",
                    state -> (a.applyAsLong(state) != 0 ? b : otherwise.value()).applyAsLong(state));
        }
        return new Expression("(" + left.text() + " " + operator + " " + right.text() + ")", state -> {
            long x = a.applyAsLong(state);
            long y = b.applyAsLong(state);
            return switch (operator) {
                case "+" -> x + y;
                case "-" -> x - y;
                case "*" -> x * y;
                case "^" -> x ^ y;
                case "==" -> x == y ? 1 : 0;
                case "<" -> x < y ? 1 : 0;
                case "&&" -> x != 0 && y != 0 ? 1 : 0;
                default -> x != 0 || y != 0 ? 1 : 0;
            };
        });
    }

    /** Programs that are right but for a few characters: whatever is wrong is said in words. */
    @Test
    void a_program_with_a_slip_ends_in_words() {
        List<String> right = List.of(Library.text("printed.txt").split("(?m)^=====\n")).stream()
                .map(block -> block.split("(?m)^-----\n", 2)[0])
                .toList();
        var random = new Random(SEED);
        for (int i = 0; i < 10 * PROGRAMS; i++) {
            var program = new StringBuilder(right.get(random.nextInt(right.size())));
            for (int slips = 1 + random.nextInt(3); slips > 0 && program.length() > 2; slips--) {
                slip(random, program);
            }
            try {
                Unit unit = Machines.unit();
                unit.add(program.toString(), Machines.macros(), true);
                new Programs(unit).plan();
            } catch (DError e) {
                assertThat(e.text()).as("seed %d, program %s", SEED, program).isNotBlank();
            } catch (RuntimeException | Error e) {
                throw new AssertionError("seed " + SEED + ", program " + program, e);
            }
        }
    }

    private static void slip(Random random, StringBuilder program) {
        int at = random.nextInt(program.length() - 1);
        String letters = "{}()[];,/\"'%@$#`->.*&0x\\\n\0é";
        switch (random.nextInt(4)) {
            case 0 -> program.deleteCharAt(at);
            case 1 -> program.insert(at, letters.charAt(random.nextInt(letters.length())));
            case 2 -> program.setCharAt(at, letters.charAt(random.nextInt(letters.length())));
            default -> {
                int end = Math.min(program.length(), at + 1 + random.nextInt(12));
                String piece = program.substring(at, end);
                program.insert(random.nextInt(program.length()), piece);
            }
        }
    }
}
