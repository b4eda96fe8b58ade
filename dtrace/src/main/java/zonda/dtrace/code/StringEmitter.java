package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.nio.charset.StandardCharsets;
import java.util.List;
import zonda.dtrace.types.DType;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Code for operations whose value is text. It is written to a place in the slot, padded with zeros up to strsize, so that
 * two texts are equal when their words are.
 */
final class StringEmitter {
    private static final int WORK0 = SLOT_WORK;
    private static final int WORK1 = SLOT_WORK + 8;
    private static final int WORK2 = SLOT_WORK + 16;

    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;
    private final Library library;
    private final int size;
    private final int limit;
    private final TextSearch search;
    private final WrittenText written;
    private int token = -1;

    StringEmitter(NumberEmitter numbers, Library library) {
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
        this.library = library;
        this.size = emitter.stringSize;
        this.limit = emitter.names.options().stringLimit();
        this.search = new TextSearch(this, numbers, library);
        this.written = new WrittenText(this, search, numbers, library);
    }

    int size() {
        return size;
    }

    static byte[] bytes(String text) {
        byte[] bytes = new byte[text.length()];
        for (int i = 0; i < bytes.length; i++) {
            if (text.charAt(i) > 255) {
                return text.getBytes(StandardCharsets.UTF_8);
            }
            bytes[i] = (byte) text.charAt(i);
        }
        return text.chars().anyMatch(c -> c > 127) ? text.getBytes(StandardCharsets.UTF_8) : bytes;
    }

    /** Writes a value of any kind. @return the bytes it takes */
    int datum(Op op, int place) {
        return datum(op, place, op.type());
    }

    /** Writes a value; a string takes as many bytes as strings of the type. */
    int datum(Op op, int place, DType as) {
        int bytes = Aggregate.size(as, size);
        if (op.type().isString() && bytes < size) {
            if (op instanceof Op.Builtin(String name, var _)) {
                numbers.builtins().string(name, place, bytes);
            } else {
                emitter.copy(place, operand(op), bytes);
                asm.storeConstant(B, SLOT, place + bytes - 1, 0);
            }
            return bytes;
        }
        switch (op) {
            case Op.Call(var _, List<Op> arguments, DType.Addresses type) -> addresses(type, arguments, place);
            case Op.Place(Op address, DType type) -> {
                emitter.zero(place, Aggregate.size(type, size));
                numbers.number(address);
                emitter.own.guard(type.size());
                read(place, type.size(), Emitter.READ_KERNEL);
            }
            default -> {
                if (op.type().isString()) {
                    string(op, place);
                } else {
                    numbers.number(op);
                    asm.store(DW, SLOT, place, R0);
                }
            }
        }
        return bytes;
    }

    private void addresses(DType.Addresses type, List<Op> arguments, int place) {
        if (type.isStack()) {
            numbers.builtins().stacks().frames(type, place);
            return;
        }
        numbers.number(arguments.getFirst());
        boolean user = type.size() == 16;
        asm.store(DW, SLOT, user ? place + 8 : place, R0);
        if (user) {
            if (arguments.size() > 1) {
                numbers.number(arguments.get(1));
            } else {
                numbers.builtins().owners().processOfAddresses();
            }
            asm.store(DW, SLOT, place, R0);
        }
    }

    /** Reads bytes at the address in r0; a fault when they can't be. */
    void read(int place, int bytes, int helper) {
        asm.store(DW, FRAME, Emitter.ADDRESS, R0).move(R3, R0);
        emitter.slotAddress(R1, place);
        asm.constant(R2, bytes).call(helper);
        int fine = asm.newLabel();
        asm.jump(Jump.SGE, R0, 0, fine);
        emitter.failAddress();
        asm.place(fine);
    }

    /** Reads a text at the address in r0. */
    private void readText(int place, int bytes) {
        if (!emitter.own.guardText(bytes)) {
            read(place, bytes, Emitter.READ_KERNEL_STRING);
            return;
        }
        asm.move(R3, R0);
        emitter.slotAddress(R1, place);
        asm.call(Emitter.READ_KERNEL_STRING);
    }

    /** Writes the text of an operation, of which strsize is as much as there may be. */
    void string(Op op, int place) {
        whole(op, place);
        if (limit < size && !(op instanceof Op.Variable)) {
            int bits = 8 * ((limit - 1) % 8);
            asm.load(DW, R1, SLOT, place + size - 8).constant(R2, (1L << bits) - 1);
            asm.aluRegister(Alu.AND, R1, R2).store(DW, SLOT, place + size - 8, R1);
        }
    }

    private void whole(Op op, int place) {
        switch (op) {
            case Op.Text(String text) -> emitter.text(place, bytes(text), size);
            case Op.Builtin(String name, var _) -> numbers.builtins().string(name, place, size);
            case Op.Variable(Var variable, List<Op> keys) -> numbers.variables.loadString(variable, keys, place);
            case Op.Store(Var variable, List<Op> keys, Op value) -> {
                string(value, place);
                int mark = emitter.mark();
                numbers.variables.storeString(
                        variable, keys, place, value instanceof Op.Text(String text) && text.isEmpty());
                emitter.release(mark);
            }
            case Op.StoreText(Op address, Op value) -> {
                string(value, place);
                numbers.variables.storeText(address, place, Math.min(size, DType.STRING.size()));
            }
            case Op.StringAt(Op address, int limit) -> {
                emitter.zero(place, size);
                numbers.number(address);
                readText(place, limit > 0 ? Math.min(limit, size) : size);
                if (limit > 0 && limit < size) {
                    // An array without a zero at its end: the helper puts one over its last byte.
                    asm.storeConstant(B, SLOT, place + limit, 0);
                }
            }
            case Op.Choice(Op condition, Op yes, Op no, var _) -> {
                int otherwise = asm.newLabel();
                int end = asm.newLabel();
                numbers.branchIfFalse(condition, otherwise);
                string(yes, place);
                asm.jump(end).place(otherwise);
                string(no, place);
                asm.place(end);
            }
            case Op.Sequence(List<Op> all) -> {
                all.subList(0, all.size() - 1).forEach(numbers::evaluate);
                string(all.getLast(), place);
            }
            case Op.Call(String function, List<Op> arguments, var _) -> {
                int mark = emitter.mark();
                call(function, arguments, place);
                emitter.release(mark);
            }
            default -> throw new AssertionError("not text: " + op);
        }
    }

    /** The text in a place of its own. */
    int operand(Op op) {
        int place = emitter.allocate(size);
        string(op, place);
        return place;
    }

    private void call(String function, List<Op> arguments, int place) {
        switch (function) {
            case "copyinstr" -> copyinstr(arguments, place);
            case "strjoin" -> join(operand(arguments.get(0)), operand(arguments.get(1)), place);
            case "substr" -> search.substring(arguments, place);
            case "strchr", "strrchr" -> search.character(arguments, function.equals("strrchr"), place);
            case "strstr" -> search.text(arguments, place);
            case "strtok" -> token(arguments, place);
            case "tolower", "toupper" -> {
                string(arguments.getFirst(), place);
                letters(place, function.equals("tolower") ? 'A' : 'a', function.equals("tolower") ? 'Z' : 'z');
            }
            case "lltostr" -> digits(arguments, place);
            case "basename", "dirname" -> path(arguments.getFirst(), function.equals("basename"), place);
            case "cleanpath" -> written.cleanPath(arguments.getFirst(), place);
            case "json" -> written.json(arguments, place);
            case "inet_ntoa" -> written.address(arguments.getFirst(), place);
            case "inet_ntoa6" -> written.address6(arguments.getFirst(), place);
            case "inet_ntop" -> written.address(arguments.get(0), arguments.get(1), place);
            default -> throw new AssertionError(function);
        }
    }

    private void copyinstr(List<Op> arguments, int place) {
        emitter.zero(place, size);
        int bytes = size;
        if (arguments.size() > 1 && arguments.get(1) instanceof Op.Const(long most, var _)) {
            bytes = (int) Math.clamp(most + 1, 1, size);
        }
        emitter.requireProcess();
        numbers.number(arguments.getFirst());
        read(place, bytes, Emitter.READ_USER_STRING);
    }

    /** r0 = index of the second text in the first, or -1. */
    void index(List<Op> arguments, boolean last) {
        search.index(arguments, last);
    }

    /** r0 = bytes of the text in a place, without its zero. */
    void length(int place) {
        int scratch = emitter.allocate(size);
        emitter.slotAddress(R1, scratch);
        asm.constant(R2, size);
        emitter.slotAddress(R3, place);
        asm.call(Emitter.READ_KERNEL_STRING);
        boundedLength();
    }

    /** r0 = what the helper answered less the zero, between 0 and strsize - 1. */
    private void boundedLength() {
        int fine = asm.newLabel();
        int small = asm.newLabel();
        asm.jump(Jump.SGT, R0, 0, fine).constant(R0, 1).place(fine).alu(Alu.ADD, R0, -1);
        asm.jump(Jump.LE, R0, size - 1, small).constant(R0, size - 1).place(small);
    }

    void join(int first, int second, int place) {
        int both = emitter.allocate(2 * size);
        emitter.zero(both, 2 * size);
        emitter.slotAddress(R1, both);
        asm.constant(R2, size);
        emitter.slotAddress(R3, first);
        asm.call(Emitter.READ_KERNEL_STRING);
        boundedLength();
        emitter.slotAddress(R1, both);
        asm.aluRegister(Alu.ADD, R1, R0).constant(R2, size);
        emitter.slotAddress(R3, second);
        asm.call(Emitter.READ_KERNEL_STRING);
        asm.storeConstant(B, SLOT, both + size - 1, 0);
        emitter.copy(place, both, size);
    }

    /** strtok(): the text that is being cut is kept in the slot while the probe fires. */
    private void token(List<Op> arguments, int place) {
        if (token < 0) {
            throw new AssertionError("no room for strtok()");
        }
        int position = token + size;
        int begun = position + 8;
        if (!isNull(arguments.get(0))) {
            int text = operand(arguments.get(0));
            emitter.copy(token, text, size);
            asm.storeConstant(DW, SLOT, position, 0).storeConstant(DW, SLOT, begun, 1);
        } else {
            int had = asm.newLabel();
            asm.load(DW, R0, SLOT, begun).jump(Jump.NE, R0, 0, had);
            asm.storeConstant(DW, FRAME, Emitter.ADDRESS, 0);
            emitter.failAddress();
            asm.place(had);
        }
        int separators = operand(arguments.get(1));
        int set = emitter.allocate(32);
        emitter.zero(set, 32);
        emitter.slotAddress(R1, separators);
        emitter.slotAddress(R2, set);
        library.call(Library.Function.SET_BITS);
        emitter.slotAddress(R1, token);
        emitter.slotAddress(R2, set);
        asm.load(DW, R3, SLOT, position);
        library.call(Library.Function.TOKEN);
        asm.load(DW, R0, SLOT, WORK1).store(DW, SLOT, position, R0);
        search.part(token, place);
    }

    private static boolean isNull(Op op) {
        return switch (op) {
            case Op.StringAt(Op.Const(long address, var _), var _) -> address == 0;
            case Op.Const(long address, var _) -> address == 0;
            default -> false;
        };
    }

    /** Makes room for strtok(), which lasts as long as the program runs. */
    void reserveToken() {
        token = emitter.allocate(size + 16);
    }

    void clearToken() {
        asm.storeConstant(DW, SLOT, token, 0).storeConstant(DW, SLOT, token + size, 0);
        asm.storeConstant(DW, SLOT, token + size + 8, 0);
    }

    /** Changes the case of the letters between two, eight bytes at a time. */
    private void letters(int place, char first, char last) {
        long ones = 0x0101010101010101L;
        for (int i = 0; i < size; i += 8) {
            asm.load(DW, R0, SLOT, place + i);
            asm.constant(R3, 0x7f * ones)
                    .move(R1, R0)
                    .aluRegister(Alu.AND, R1, R3)
                    .move(R2, R1);
            asm.constant(R3, (0x7f - last) * ones).aluRegister(Alu.ADD, R1, R3);
            asm.constant(R3, (0x80 - first) * ones).aluRegister(Alu.ADD, R2, R3).aluRegister(Alu.XOR, R1, R2);
            asm.move(R2, R0).alu(Alu.XOR, R2, -1).aluRegister(Alu.AND, R1, R2);
            asm.constant(R3, 0x80 * ones).aluRegister(Alu.AND, R1, R3).alu(Alu.RSH, R1, 2);
            asm.aluRegister(Alu.XOR, R0, R1).store(DW, SLOT, place + i, R0);
        }
    }

    private void digits(List<Op> arguments, int place) {
        int digits = emitter.allocate(Library.DIGITS_SIZE);
        int value = emitter.allocate(8);
        numbers.number(arguments.get(0));
        asm.store(DW, SLOT, value, R0);
        emitter.zero(digits + 64, 8);
        if (arguments.size() > 1) {
            numbers.number(arguments.get(1));
            int bad = asm.newLabel();
            int fine = asm.newLabel();
            asm.jump(Jump.SLT, R0, 2, bad).jump(Jump.SLE, R0, 36, fine).place(bad);
            emitter.fail(3);
            asm.place(fine).move(R4, R0);
        } else {
            asm.constant(R4, 10);
        }
        asm.load(DW, R3, SLOT, value);
        emitter.slotAddress(R1, digits);
        asm.constant(R2, 0);
        library.call(Library.Function.DIGITS);
        asm.storeConstant(DW, SLOT, WORK1, 67);
        // The text is the place's from its start on: 67 bytes at most.
        search.part(digits, place);
    }

    private void path(Op op, boolean base, int place) {
        int text = operand(op);
        emitter.slotAddress(R1, text);
        library.call(Library.Function.SCAN_PATH);
        int normal = asm.newLabel();
        int root = asm.newLabel();
        int end = asm.newLabel();
        asm.load(DW, R0, SLOT, base ? WORK1 : WORK2);
        asm.jump(Jump.NE, R0, 0, normal).load(B, R0, SLOT, text).jump(Jump.EQ, R0, '/', root);
        emitter.text(place, new byte[] {'.'}, size);
        asm.jump(end).place(root);
        emitter.text(place, new byte[] {'/'}, size);
        asm.jump(end).place(normal);
        if (!base) {
            asm.store(DW, SLOT, WORK1, R0).storeConstant(DW, SLOT, WORK0, 0);
        }
        search.part(text, place);
        asm.place(end);
    }

    /** r0 = 1 when the relation holds, otherwise 0. Order is that of bytes. */
    void compare(String operator, Op left, Op right) {
        int mark = emitter.mark();
        boolean equality = operator.equals("==") || operator.equals("!=");
        int different = asm.newLabel();
        int end = asm.newLabel();
        if (equality && right instanceof Op.Text(String text)) {
            int one = operand(left);
            byte[] bytes = bytes(text);
            int used = Math.min(bytes.length, limit - 1);
            for (int word = 0; word < (used + 8) / 8; word++) {
                asm.load(DW, R1, SLOT, one + 8 * word).constant(R2, Emitter.word(bytes, used, word));
                asm.jumpRegister(Jump.NE, R1, R2, different);
            }
        } else if (equality && left instanceof Op.Text) {
            emitter.release(mark);
            compare(operator, right, left);
            return;
        } else {
            int one = operand(left);
            int other = operand(right);
            for (int i = 0; i < size; i += 8) {
                asm.load(DW, R1, SLOT, one + i).load(DW, R2, SLOT, other + i);
                asm.jumpRegister(Jump.NE, R1, R2, different);
            }
        }
        boolean whenEqual = operator.equals("==") || operator.equals("<=") || operator.equals(">=");
        asm.constant(R0, whenEqual ? 1 : 0).jump(end).place(different);
        if (equality) {
            asm.constant(R0, operator.equals("!=") ? 1 : 0);
        } else {
            asm.bigEndian(R1, 64).bigEndian(R2, 64).constant(R0, 1);
            asm.jumpRegister(operator.startsWith("<") ? Jump.LT : Jump.GT, R1, R2, end)
                    .constant(R0, 0);
        }
        asm.place(end);
        emitter.release(mark);
    }
}
