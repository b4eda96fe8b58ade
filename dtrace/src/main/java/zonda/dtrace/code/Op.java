package zonda.dtrace.code;

import java.util.List;
import zonda.dtrace.types.DType;

/** A typed operation: an expression whose names, types and conversions are settled. */
public sealed interface Op {
    DType type();

    record Const(long value, DType type) implements Op {}

    record Text(String value) implements Op {
        @Override
        public DType type() {
            return DType.STRING;
        }
    }

    /** A variable of the language's own, such as pid. */
    record Builtin(String name, DType type) implements Op {}

    /** The probe's argument, as it is. */
    record Argument(int number, DType type) implements Op {}

    /** A register of the probed program: uregs[]. */
    record UserRegister(Op number, DType type) implements Op {}

    record Variable(Var variable, List<Op> keys) implements Op {
        @Override
        public DType type() {
            return variable.type();
        }
    }

    /** Where a variable or an element lies: of a structure or an array, which have no value of their own. */
    record VariableAddress(Var variable, List<Op> keys) implements Op {
        @Override
        public DType type() {
            return new DType.Pointer(variable.type());
        }
    }

    /**
     * An assignment to memory: within a variable, or what alloca() gave. Its value is what was stored.
     *
     * @param bit where a bit field begins, in bits from the address; 0 for others
     * @param bits the width of a bit field, 0 for others
     */
    record StoreMemory(Op address, DType type, int bit, int bits, Op value) implements Op {}

    /** An assignment to a string in memory. Its value is what was stored. */
    record StoreText(Op address, Op value) implements Op {
        @Override
        public DType type() {
            return DType.STRING;
        }
    }

    /** An assignment to a structure in memory. */
    record StoreStruct(Op address, DType type, Op value) implements Op {}

    /** An assignment; its value is what was stored. */
    record Store(Var variable, List<Op> keys, Op value) implements Op {
        @Override
        public DType type() {
            return variable.type();
        }
    }

    /** {@code x++}: its value is what was there before. */
    record PostStep(Variable variable, long delta) implements Op {
        @Override
        public DType type() {
            return variable.type();
        }
    }

    /** A number in the kernel's memory. */
    record Load(Op address, DType type) implements Op {}

    record BitField(Op address, int bit, int bits, DType type) implements Op {}

    /** An array or structure in the kernel's memory: its value is its address. */
    record Place(Op address, DType type) implements Op {}

    /** Text in the kernel's memory. @param limit bytes that it has at most, 0 when that is unknown */
    record StringAt(Op address, int limit) implements Op {
        @Override
        public DType type() {
            return DType.STRING;
        }
    }

    /** - and ~. */
    record Unary(String operator, Op operand, DType type) implements Op {}

    record Not(Op operand) implements Op {
        @Override
        public DType type() {
            return DType.INT;
        }
    }

    /** Arithmetic and comparison of numbers. @param unsigned how it divides, shifts and compares */
    record Binary(String operator, Op left, Op right, boolean unsigned, DType type) implements Op {}

    record StringCompare(String operator, Op left, Op right) implements Op {
        @Override
        public DType type() {
            return DType.INT;
        }
    }

    /** &amp;&amp;, || and ^^. */
    record Logical(String operator, Op left, Op right) implements Op {
        @Override
        public DType type() {
            return DType.INT;
        }
    }

    record Choice(Op condition, Op yes, Op no, DType type) implements Op {}

    /** The number cut or extended to the type's size. */
    record Cast(Op operand, DType type) implements Op {}

    record Call(String function, List<Op> arguments, DType type) implements Op {}

    record Sequence(List<Op> all) implements Op {
        @Override
        public DType type() {
            return all.getLast().type();
        }
    }

    /** An object seen through a translator; only its members have values. */
    record Translated(Translator translator, Op input, DType seen) implements Op {
        @Override
        public DType type() {
            return seen instanceof DType.Pointer ? DType.TRANSLATED_POINTER : DType.TRANSLATED;
        }
    }

    /** An aggregation where a value is expected; it has none. */
    record Aggregation(String name) implements Op {
        @Override
        public DType type() {
            return DType.AGGREGATION;
        }
    }
}
