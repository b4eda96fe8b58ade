package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.List;
import zonda.dtrace.code.Emitter.Temporary;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Code for the program's variables. Globals are one value of a map, clause-local ones lie in the slot, those of a thread
 * in its task storage, and associative arrays are a hash each.
 */
final class VariableEmitter {
    private static final int CREATE = 1;

    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;

    VariableEmitter(NumberEmitter numbers) {
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
    }

    /** r0 = the address of the variable, or 0 when it has none yet. Elements: their keys are evaluated. */
    private void address(Var variable, List<Op> keys, boolean create) {
        if (variable.scope() == Expr.Scope.SELF && emitter.isForeign()) {
            emitter.refuse(Emitter.USER_PRIVILEGE);
        }
        if (variable.isArray()) {
            int key = keys(variable, keys);
            emitter.useMap(R1, ARRAYS + variable.place());
            emitter.slotAddress(R2, key);
            asm.call(Emitter.MAP_LOOKUP);
            if (create) {
                create(variable, key);
            }
            return;
        }
        switch (variable.scope()) {
            case GLOBAL -> emitter.useMapValue(R0, GLOBALS, variable.place());
            case THIS -> emitter.slotAddress(R0, SLOT_VARIABLES + variable.place());
            case SELF -> {
                int none = asm.newLabel();
                numbers.builtins().taskPointer();
                asm.move(R2, R0);
                emitter.useMap(R1, TASKS);
                asm.constant(R3, 0).constant(R4, create ? CREATE : 0).call(Emitter.TASK_STORAGE);
                asm.jump(Jump.EQ, R0, 0, none)
                        .alu(Alu.ADD, R0, variable.place())
                        .place(none);
            }
        }
    }

    /** An element that is not there is made of zeros. r0 = its address, or still 0. */
    private void create(Var variable, int key) {
        int there = asm.newLabel();
        asm.jump(Jump.NE, R0, 0, there);
        int size = Aggregate.size(variable.type(), emitter.stringSize);
        int zeros = emitter.allocate(size);
        emitter.zero(zeros, size);
        int made = asm.newLabel();
        update(variable, key, zeros, made);
        asm.place(made);
        emitter.useMap(R1, ARRAYS + variable.place());
        emitter.slotAddress(R2, key);
        asm.call(Emitter.MAP_LOOKUP).place(there);
    }

    /** Puts the keys together in the slot. @return where */
    private int keys(Var variable, List<Op> keys) {
        int size = variable.keys().stream()
                .mapToInt(key -> Aggregate.size(key, emitter.stringSize))
                .sum();
        int place = emitter.allocate(size + 8);
        int at = place;
        if (variable.scope() == Expr.Scope.SELF) {
            numbers.builtins().task();
            asm.store(DW, SLOT, at, R0);
            at += 8;
        }
        for (int i = 0; i < keys.size(); i++) {
            at += numbers.strings.datum(keys.get(i), at, variable.keys().get(i));
        }
        return place;
    }

    /** Bytes of an array's key. */
    static int keySize(Var variable, int stringSize) {
        int own = variable.keys().stream()
                .mapToInt(key -> Aggregate.size(key, stringSize))
                .sum();
        return own + (variable.scope() == Expr.Scope.SELF ? 8 : 0);
    }

    /** r0 = the address of a variable, as a number; an element that is not there reads as zeros. */
    void addressOf(Var variable, List<Op> keys) {
        if (emitter.isConfined()) {
            addressInZone(variable);
            return;
        }
        address(variable, keys, !variable.isArray());
        if (variable.isArray()) {
            int there = asm.newLabel();
            int size = Aggregate.size(variable.type(), emitter.stringSize);
            int zeros = emitter.allocate(size);
            asm.jump(Jump.NE, R0, 0, there);
            emitter.zero(zeros, size);
            emitter.slotAddress(R0, zeros);
            asm.place(there);
        }
        emitter.launder();
    }

    private void addressInZone(Var variable) {
        if (variable.isArray() || variable.scope() != Expr.Scope.THIS) {
            throw new zonda.dtrace.syntax.DError(
                    "D_UNKNOWN",
                    0,
                    variable.name() + ": in a zone only clause-local variables (this->) can be structures or arrays");
        }
        emitter.own.address(SLOT_VARIABLES + variable.place());
    }

    /** r0 = the number that was stored. */
    void storeMemory(Op.StoreMemory store) {
        if (store.bits() > 0) {
            storeBits(store);
            return;
        }
        numbers.number(store.value());
        Temporary value = emitter.save();
        target(store.address(), store.type().size());
        emitter.load(R1, value);
        asm.store(BpfAssembler.Width.of(store.type().size()), R0, 0, R1);
        emitter.load(R0, value);
        emitter.free(value);
    }

    /** Writes text of a place of the slot, which ends with a zero where it is cut. */
    void storeText(Op address, int place, int bytes) {
        int mark = emitter.mark();
        asm.storeConstant(B, SLOT, place + bytes - 1, 0);
        target(address, bytes);
        emitter.copyFromSlot(place, bytes);
        emitter.release(mark);
    }

    /** Copies a structure by way of the slot. */
    void storeStruct(Op.StoreStruct store) {
        int mark = emitter.mark();
        int size = store.type().size();
        int place = emitter.allocate(size);
        numbers.strings.datum(store.value(), place);
        target(store.address(), size);
        asm.move(R1, R0).constant(R2, size);
        emitter.slotAddress(R3, place);
        asm.call(Emitter.READ_KERNEL);
        emitter.release(mark);
    }

    /** Bit fields are written byte by byte, of which each is read before. */
    private void storeBits(Op.StoreMemory store) {
        numbers.number(store.value());
        Temporary value = emitter.save();
        int first = store.bit() / 8;
        int bytes = (store.bit() % 8 + store.bits() + 7) / 8;
        target(
                Folder.fold(new Op.Binary("+", store.address(), new Op.Const(first, DType.LONG), false, DType.ULONG)),
                bytes);
        int shift = store.bit() % 8;
        long mask = (store.bits() >= 64 ? -1L : (1L << store.bits()) - 1) << shift;
        emitter.load(R1, value);
        asm.alu(Alu.LSH, R1, shift).constant(R2, mask).aluRegister(Alu.AND, R1, R2);
        for (int i = 0; i < bytes; i++) {
            asm.load(B, R3, R0, i).alu(Alu.AND, R3, (int) (~(mask >>> 8 * i) & 0xff));
            asm.move(R4, R1).alu(Alu.RSH, R4, 8 * i).aluRegister(Alu.OR, R3, R4).store(B, R0, i, R3);
        }
        emitter.load(R0, value);
        emitter.free(value);
    }

    /** The variable that an address is within, and the offset from it. */
    private record Within(Var variable, List<Op> keys, Op offset) {}

    private static java.util.Optional<Within> within(Op address) {
        return switch (address) {
            case Op.VariableAddress(Var variable, List<Op> keys) ->
                java.util.Optional.of(new Within(variable, keys, new Op.Const(0, DType.LONG)));
            case Op.Cast(Op inner, var _) -> within(inner);
            case Op.Place(Op inner, var _) -> within(inner);
            case Op.Binary(String operator, Op left, Op right, var _, var _)
            when operator.equals("+") ->
                within(left)
                        .map(found -> new Within(
                                found.variable(),
                                found.keys(),
                                Folder.fold(new Op.Binary("+", found.offset(), right, false, DType.LONG))));
            default -> java.util.Optional.empty();
        };
    }

    /** A fault when an address within a variable leads out of it. */
    void checkWithin(Op address, int bytes) {
        within(address).filter(found -> !(found.offset() instanceof Op.Const)).ifPresent(found -> {
            int fine = asm.newLabel();
            numbers.number(found.offset());
            asm.jump(Jump.LE, R0, Math.max(0, found.variable().type().size() - bytes), fine);
            failBeyond(found.variable(), bytes);
            asm.place(fine);
        });
    }

    /** A fault: so many bytes are asked for at the offset in r0, which leads out of the variable. */
    private void failBeyond(Var variable, int bytes) {
        if (variable.isArray()) {
            // An element of an associative array, which is memory like any other.
            asm.store(DW, FRAME, Emitter.ADDRESS, R0);
            emitter.failAddress();
            return;
        }
        asm.alu(Alu.ARSH, R0, Integer.numberOfTrailingZeros(Math.max(1, bytes)));
        emitter.fail(Emitter.BAD_INDEX, R0);
    }

    /** r0 = a pointer to write so many bytes to; a fault when the address is not the program's own. */
    private void target(Op address, int bytes) {
        int fine = asm.newLabel();
        java.util.Optional<Within> own = within(address);
        if (own.isPresent()) {
            Var variable = own.get().variable();
            numbers.number(own.get().offset());
            asm.store(DW, FRAME, Emitter.ADDRESS, R0)
                    .jump(Jump.LE, R0, Math.max(0, variable.type().size() - bytes), fine);
            failBeyond(variable, bytes);
            asm.place(fine);
            Temporary offset = emitter.save();
            address(variable, own.get().keys(), true);
            int there = asm.newLabel();
            asm.jump(Jump.NE, R0, 0, there);
            emitter.failAddress();
            asm.place(there);
            emitter.load(R1, offset);
            emitter.free(offset);
            asm.aluRegister(Alu.ADD, R0, R1);
            return;
        }
        numbers.number(address);
        asm.store(DW, FRAME, Emitter.ADDRESS, R0);
        asm.move(R3, R0);
        emitter.own.toOffset(R3);
        asm.constant(R4, bytes);
        emitter.own.checkOwned(R3, R4, bytes);
        asm.move(R0, SLOT).aluRegister(Alu.ADD, R0, R3);
    }

    /** r0 = the variable's number. */
    void load(Var variable, List<Op> keys) {
        int mark = emitter.mark();
        address(variable, keys, false);
        int none = asm.newLabel();
        if (mayBeAbsent(variable)) {
            asm.jump(Jump.EQ, R0, 0, none);
        }
        asm.load(DW, R0, R0, 0).place(none);
        emitter.release(mark);
    }

    private static boolean mayBeAbsent(Var variable) {
        return variable.isArray() || variable.scope() == Expr.Scope.SELF;
    }

    /** The variable's text, in the slot. */
    void loadString(Var variable, List<Op> keys, int place) {
        int mark = emitter.mark();
        address(variable, keys, false);
        int end = asm.newLabel();
        if (mayBeAbsent(variable)) {
            int there = asm.newLabel();
            asm.jump(Jump.NE, R0, 0, there);
            emitter.zero(place, emitter.stringSize);
            asm.jump(end).place(there);
        }
        emitter.copyToSlot(place, R0, 0, emitter.stringSize);
        asm.place(end);
        emitter.release(mark);
    }

    /** r0 = the number that was stored. */
    void store(Var variable, List<Op> keys, Op value) {
        int mark = emitter.mark();
        if (variable.type().isString()) {
            int place = emitter.allocate(numbers.strings.size());
            numbers.strings.string(value, place);
            storeString(variable, keys, place, value instanceof Op.Text(String text) && text.isEmpty());
            asm.constant(R0, 0);
            emitter.release(mark);
            return;
        }
        if (!variable.type().isScalar()) {
            int place = emitter.allocate(Aggregate.size(variable.type(), emitter.stringSize));
            if (variable.isArray()) {
                storeWhole(variable, keys, value, place);
                asm.constant(R0, 0);
                emitter.release(mark);
                return;
            }
            numbers.strings.datum(value, place);
            address(variable, keys, true);
            int end = asm.newLabel();
            dropUnlessThere(variable, end);
            emitter.copyFromSlot(place, Aggregate.size(variable.type(), emitter.stringSize));
            asm.place(end).constant(R0, 0);
            emitter.release(mark);
            return;
        }
        numbers.number(value);
        Temporary kept = emitter.save();
        if (variable.isArray()) {
            storeElement(variable, keys, kept);
        } else {
            address(variable, keys, true);
            int end = asm.newLabel();
            dropUnlessThere(variable, end);
            emitter.load(R1, kept);
            asm.store(DW, R0, 0, R1).place(end);
        }
        emitter.load(R0, kept);
        emitter.free(kept);
        emitter.release(mark);
    }

    /** An element that is a structure; zero frees it. */
    private void storeWhole(Var variable, List<Op> keys, Op value, int place) {
        if (value instanceof Op.Const) {
            delete(variable, keys(variable, keys));
            return;
        }
        int end = asm.newLabel();
        numbers.strings.datum(value, place);
        update(variable, keys(variable, keys), place, end);
        asm.place(end);
    }

    private void dropUnlessThere(Var variable, int end) {
        if (!mayBeAbsent(variable)) {
            return;
        }
        int there = asm.newLabel();
        asm.jump(Jump.NE, R0, 0, there);
        emitter.count(DYNAMIC_DROPS);
        asm.jump(end).place(there);
    }

    /** Zero frees the element, as it does in D. */
    private void storeElement(Var variable, List<Op> keys, Temporary value) {
        int key = keys(variable, keys);
        int set = asm.newLabel();
        int end = asm.newLabel();
        emitter.load(R3, value);
        asm.jump(Jump.NE, R3, 0, set);
        delete(variable, key);
        asm.jump(end).place(set);
        int place = emitter.allocate(8);
        asm.store(DW, SLOT, place, R3);
        update(variable, key, place, end);
        asm.place(end);
    }

    private void delete(Var variable, int key) {
        emitter.useMap(R1, ARRAYS + variable.place());
        emitter.slotAddress(R2, key);
        asm.call(Emitter.MAP_DELETE);
    }

    private void update(Var variable, int key, int place, int end) {
        int size = keySize(variable, emitter.stringSize) + Aggregate.size(variable.type(), emitter.stringSize);
        if (size > emitter.names.options().number("dynvarsize")) {
            emitter.count(DYNAMIC_DROPS);
            return;
        }
        emitter.useMap(R1, ARRAYS + variable.place());
        emitter.slotAddress(R2, key);
        emitter.slotAddress(R3, place);
        asm.constant(R4, 0).call(Emitter.MAP_UPDATE).jump(Jump.EQ, R0, 0, end);
        emitter.count(DYNAMIC_DROPS);
    }

    void storeString(Var variable, List<Op> keys, int place, boolean empty) {
        int end = asm.newLabel();
        if (variable.isArray()) {
            int key = keys(variable, keys);
            if (empty) {
                delete(variable, key);
            } else {
                update(variable, key, place, end);
            }
            asm.place(end);
            return;
        }
        address(variable, keys, true);
        dropUnlessThere(variable, end);
        emitter.copyFromSlot(place, emitter.stringSize);
        asm.place(end);
    }

    /** r0 = what was there before. */
    void postStep(Op.Variable target, long delta) {
        numbers.number(target);
        Temporary before = emitter.save();
        Op kept = new Op.Const(delta, DType.LONG);
        DType type = target.type();
        store(target.variable(), target.keys(), new Op.Cast(new Op.Binary("+", target, kept, false, DType.LONG), type));
        emitter.load(R0, before);
        emitter.free(before);
    }
}
