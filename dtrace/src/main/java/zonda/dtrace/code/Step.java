package zonda.dtrace.code;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import zonda.dtrace.types.DType;

/** A statement whose types are settled. */
sealed interface Step {
    record Eval(Op op) implements Step {}

    /** Data for the consumer. @param action made of where the data came to lie */
    record Emit(List<Op> data, Function<List<Action.Datum>, Action> action) implements Step {}

    record Aggregating(Aggregate aggregate, List<Op> keys, Optional<Op> value, Optional<Op> increment)
            implements Step {}

    record Speculate(Op id) implements Step {}

    /** raise(), stop(), copyout(), chill(): what the program itself does to the world. */
    record Destructive(String name, List<Op> arguments) implements Step {}

    record If(Op condition, List<Step> yes, List<Step> no) implements Step {}

    /** Bytes of memory that are recorded as they are. */
    record Bytes(Op address, DType.Array type) {}
}
