package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.List;
import zonda.dtrace.code.Emitter.Temporary;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.types.DType;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/** Code for operations whose value is a number; it ends up in r0. */
final class NumberEmitter {
    final Emitter emitter;
    final BpfAssembler asm;
    final StringEmitter strings;
    final VariableEmitter variables;
    final Library library;
    private final BuiltinEmitter builtins;
    private final CallEmitter calls;

    NumberEmitter(Emitter emitter, Library library) {
        this.emitter = emitter;
        this.asm = emitter.asm;
        this.library = library;
        this.strings = new StringEmitter(this, library);
        this.variables = new VariableEmitter(this);
        this.builtins = new BuiltinEmitter(this);
        this.calls = new CallEmitter(this, library);
    }

    BuiltinEmitter builtins() {
        return builtins;
    }

    private static boolean isComparison(String operator) {
        return switch (operator) {
            case "==", "!=", "<", "<=", ">", ">=" -> true;
            default -> false;
        };
    }

    private static Jump jump(String operator, boolean unsigned) {
        return switch (operator) {
            case "==" -> Jump.EQ;
            case "!=" -> Jump.NE;
            case "<" -> unsigned ? Jump.LT : Jump.SLT;
            case "<=" -> unsigned ? Jump.LE : Jump.SLE;
            case ">" -> unsigned ? Jump.GT : Jump.SGT;
            case ">=" -> unsigned ? Jump.GE : Jump.SGE;
            default -> throw new AssertionError(operator);
        };
    }

    private static Alu alu(String operator, boolean unsigned) {
        return switch (operator) {
            case "+" -> Alu.ADD;
            case "-" -> Alu.SUB;
            case "*" -> Alu.MUL;
            case "&" -> Alu.AND;
            case "|" -> Alu.OR;
            case "^" -> Alu.XOR;
            case "<<" -> Alu.LSH;
            case ">>" -> unsigned ? Alu.RSH : Alu.ARSH;
            default -> throw new AssertionError(operator);
        };
    }

    /** r0 = the value. */
    void number(Op op) {
        switch (op) {
            case Op.Const(long value, var _) -> asm.constant(R0, value);
            case Op.Builtin(String name, var _) -> builtins.number(name);
            case Op.Argument(int number, DType type) -> {
                builtins.argument(number);
                if (type instanceof DType.Int(var _, int size, boolean signed)) {
                    emitter.extend(size, signed);
                }
            }
            case Op.UserRegister(Op number, var _) -> builtins.userRegister(number);
            case Op.Variable(Var variable, List<Op> keys) -> variables.load(variable, keys);
            case Op.Store(Var variable, List<Op> keys, Op value) -> variables.store(variable, keys, value);
            case Op.VariableAddress(Var variable, List<Op> keys) -> variables.addressOf(variable, keys);
            case Op.StoreMemory store -> variables.storeMemory(store);
            case Op.StoreStruct store -> variables.storeStruct(store);
            case Op.PostStep(Op.Variable target, long delta) -> variables.postStep(target, delta);
            case Op.Load(Op address, DType type) -> {
                variables.checkWithin(address, type.size());
                number(address);
                emitter.own.guard(type.size());
                emitter.readKernel(type.size(), type.signed());
            }
            case Op.BitField field -> bitField(field);
            case Op.Place(Op address, var _) -> number(address);
            case Op.Unary(String operator, Op operand, DType type) -> {
                number(operand);
                if (operator.equals("-")) {
                    asm.negate(R0);
                } else {
                    asm.alu(Alu.XOR, R0, -1);
                }
                emitter.extend(type.size(), type.signed());
            }
            case Op.Not(Op operand) -> {
                number(operand);
                truth(Jump.EQ);
            }
            case Op.Binary binary -> binary(binary);
            case Op.StringCompare(String operator, Op left, Op right) -> strings.compare(operator, left, right);
            case Op.Logical logical -> logical(logical);
            case Op.Choice(Op condition, Op yes, Op no, var _) -> {
                int otherwise = asm.newLabel();
                int end = asm.newLabel();
                branchIfFalse(condition, otherwise);
                evaluate(yes);
                asm.jump(end).place(otherwise);
                evaluate(no);
                asm.place(end);
            }
            case Op.Cast(Op operand, DType type) -> {
                number(operand);
                emitter.extend(type.size(), type.signed());
            }
            case Op.Call call -> calls.call(call);
            case Op.Sequence(List<Op> all) -> all.forEach(this::evaluate);
            case Op.Text _, Op.StringAt _, Op.StoreText _ -> throw new AssertionError("text as a number: " + op);
            case Op.Translated _, Op.Aggregation _ ->
                throw new DError("D_OP_DYN", 0, "a translated object has no value of its own; use one of its members");
        }
    }

    /** The value of whatever kind, for its effect: text goes to a place that nobody reads. */
    void evaluate(Op op) {
        if (op instanceof Op.Cast(Op operand, DType.Void _)) {
            evaluate(operand);
        } else if (op.type().isString()) {
            int mark = emitter.mark();
            strings.string(op, emitter.allocate(strings.size()));
            emitter.release(mark);
        } else if (op.type() instanceof DType.Addresses addresses) {
            int mark = emitter.mark();
            strings.datum(op, emitter.allocate(addresses.size()));
            emitter.release(mark);
        } else {
            number(op);
        }
    }

    /** r0 = 1 when r0 is in that relation to zero, otherwise 0. */
    private void truth(Jump condition) {
        int end = asm.newLabel();
        asm.constant(R1, 1)
                .jump(condition, R0, 0, end)
                .constant(R1, 0)
                .place(end)
                .move(R0, R1);
    }

    private void bitField(Op.BitField field) {
        int first = field.bit() / 8;
        int within = field.bit() % 8;
        number(field.address());
        asm.alu(Alu.ADD, R0, first);
        int bytes = (within + field.bits() + 7) / 8;
        int read = bytes <= 1 ? 1 : bytes <= 2 ? 2 : bytes <= 4 ? 4 : 8;
        emitter.own.guard(read);
        emitter.readKernel(read, false);
        asm.alu(Alu.LSH, R0, 64 - within - field.bits())
                .alu(field.type().signed() ? Alu.ARSH : Alu.RSH, R0, 64 - field.bits());
    }

    private void binary(Op.Binary binary) {
        String operator = binary.operator();
        if (isComparison(operator)) {
            Jump condition = jump(operator, binary.unsigned());
            int yes = asm.newLabel();
            operands(binary.left(), binary.right());
            asm.constant(R2, 1)
                    .jumpRegister(condition, R0, R1, yes)
                    .constant(R2, 0)
                    .place(yes)
                    .move(R0, R2);
            return;
        }
        boolean divides = operator.equals("/") || operator.equals("%");
        boolean shifts = operator.equals("<<") || operator.equals(">>");
        if (!divides
                && binary.right() instanceof Op.Const(long value, var _)
                && value == (int) value
                && (!shifts || value >= 0 && value < 64)) {
            number(binary.left());
            asm.alu(alu(operator, binary.unsigned()), R0, (int) value);
        } else {
            operands(binary.left(), binary.right());
            switch (operator) {
                case "/", "%" -> divide(operator.equals("/"), binary.unsigned());
                case "<<", ">>" -> asm.alu(Alu.AND, R1, 63).aluRegister(alu(operator, binary.unsigned()), R0, R1);
                default -> asm.aluRegister(alu(operator, binary.unsigned()), R0, R1);
            }
        }
        emitter.extend(binary.type().size(), binary.type().signed());
    }

    /** r0 = left, r1 = right. */
    private void operands(Op left, Op right) {
        if (right instanceof Op.Const(long value, var _)) {
            number(left);
            asm.constant(R1, value);
            return;
        }
        number(left);
        Temporary kept = emitter.save();
        number(right);
        asm.move(R1, R0);
        emitter.load(R0, kept);
        emitter.free(kept);
    }

    /** r0 = r0 / r1 or r0 % r1; eBPF of Linux 6.1 divides unsigned only. */
    private void divide(boolean quotient, boolean unsigned) {
        int fine = asm.newLabel();
        asm.jump(Jump.NE, R1, 0, fine);
        emitter.fail(Emitter.DIVIDE_BY_ZERO);
        asm.place(fine);
        if (unsigned) {
            asm.aluRegister(quotient ? Alu.DIV : Alu.MOD, R0, R1);
            return;
        }
        // r2: whether the result is negative.
        asm.move(R2, R0);
        if (quotient) {
            asm.aluRegister(Alu.XOR, R2, R1);
        }
        absolute(R0);
        absolute(R1);
        asm.aluRegister(quotient ? Alu.DIV : Alu.MOD, R0, R1);
        int end = asm.newLabel();
        asm.jump(Jump.SGE, R2, 0, end).negate(R0).place(end);
    }

    private void absolute(int register) {
        int end = asm.newLabel();
        asm.jump(Jump.SGE, register, 0, end).negate(register).place(end);
    }

    private void logical(Op.Logical logical) {
        if (logical.operator().equals("^^")) {
            number(logical.left());
            truth(Jump.NE);
            Temporary kept = emitter.save();
            number(logical.right());
            truth(Jump.NE);
            emitter.load(R1, kept);
            emitter.free(kept);
            asm.aluRegister(Alu.XOR, R0, R1);
            return;
        }
        int no = asm.newLabel();
        int end = asm.newLabel();
        branchIfFalse(logical, no);
        asm.constant(R0, 1).jump(end).place(no).constant(R0, 0).place(end);
    }

    /** Goes to the label when the condition doesn't hold, otherwise on. */
    void branchIfFalse(Op condition, int label) {
        switch (condition) {
            case Op.Logical(String operator, Op left, Op right)
            when operator.equals("&&") -> {
                branchIfFalse(left, label);
                branchIfFalse(right, label);
            }
            case Op.Logical(String operator, Op left, Op right)
            when operator.equals("||") -> {
                int second = asm.newLabel();
                int yes = asm.newLabel();
                branchIfFalse(left, second);
                asm.jump(yes).place(second);
                branchIfFalse(right, label);
                asm.place(yes);
            }
            case Op.Binary(String operator, Op left, Op right, boolean unsigned, var _)
            when isComparison(operator) -> {
                int yes = asm.newLabel();
                Jump jump = jump(operator, unsigned);
                if (right instanceof Op.Const(long value, var _) && value == (int) value) {
                    number(left);
                    asm.jump(jump, R0, (int) value, yes);
                } else {
                    operands(left, right);
                    asm.jumpRegister(jump, R0, R1, yes);
                }
                asm.jump(label).place(yes);
            }
            default -> {
                number(condition);
                asm.jump(Jump.EQ, R0, 0, label);
            }
        }
    }
}
