package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.List;
import java.util.Optional;
import zonda.dtrace.types.DType;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Code for aggregating: each processor has values of its own, so that none waits for another. The first word of a value
 * counts how often it was aggregated to.
 *
 * <p>It is called between statements, when no intermediate values are kept: r8 is the value's address, r9 the number.
 */
final class AggregateEmitter {
    private static final int NO_EXIST = 1;
    private static final int ZERO_BUCKET = 63;

    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;

    AggregateEmitter(NumberEmitter numbers) {
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
    }

    void aggregate(Step.Aggregating step) {
        int mark = emitter.mark();
        int value = kept(step.value());
        int increment = kept(step.increment());
        int end = asm.newLabel();
        lookUp(step, end);
        if (value >= 0) {
            asm.load(DW, R9, SLOT, value);
        }
        apply(step.aggregate(), increment, end);
        asm.place(end);
        emitter.release(mark);
    }

    private int kept(Optional<Op> op) {
        if (op.isEmpty()) {
            return -1;
        }
        int place = emitter.allocate(8);
        numbers.number(op.get());
        asm.store(DW, SLOT, place, R0);
        return place;
    }

    /** r8 = this processor's value for the keys; what has no room is counted. */
    private void lookUp(Step.Aggregating step, int end) {
        int map = AGGREGATES + step.aggregate().id();
        if (step.keys().isEmpty()) {
            asm.storeConstant(W, FRAME, Emitter.KEY, 0);
            emitter.useMap(R1, map);
            emitter.frameAddress(R2, Emitter.KEY);
            asm.call(Emitter.MAP_LOOKUP).jump(Jump.EQ, R0, 0, end).move(R8, R0);
            return;
        }
        int size = step.aggregate().keySize(emitter.stringSize);
        if (size + step.aggregate().words() * 8L > emitter.names.options().number("aggsize")) {
            emitter.count(AGGREGATION_DROPS);
            asm.jump(end);
            return;
        }
        int key = emitter.allocate(size);
        int at = key;
        List<DType> types = step.aggregate().keys();
        for (int i = 0; i < types.size(); i++) {
            at += numbers.strings.datum(step.keys().get(i), at, types.get(i));
        }
        int found = asm.newLabel();
        emitter.useMap(R1, map);
        emitter.slotAddress(R2, key);
        asm.call(Emitter.MAP_LOOKUP).jump(Jump.NE, R0, 0, found);
        emitter.useMap(R1, map);
        emitter.slotAddress(R2, key);
        emitter.useMapValue(R3, ZEROS, 0);
        asm.constant(R4, NO_EXIST).call(Emitter.MAP_UPDATE);
        emitter.useMap(R1, map);
        emitter.slotAddress(R2, key);
        asm.call(Emitter.MAP_LOOKUP).jump(Jump.NE, R0, 0, found);
        emitter.count(AGGREGATION_DROPS);
        asm.jump(end).place(found).move(R8, R0);
    }

    private void apply(Aggregate aggregate, int increment, int end) {
        switch (aggregate.function()) {
            case COUNT -> add(0, 1);
            case SUM, AVG -> {
                add(0, 1);
                asm.atomic(Alu.ADD, R8, 8, R9);
            }
            case MIN -> extreme(Jump.SLE, end);
            case MAX -> extreme(Jump.SGE, end);
            case STDDEV -> deviation(end);
            case QUANTIZE -> {
                power();
                bucket(Aggregate.QUANTIZE_BUCKETS, increment, end);
            }
            case LQUANTIZE -> {
                linear(aggregate);
                bucket(aggregate.levels() + 2, increment, end);
            }
            case LLQUANTIZE -> {
                LogLinear buckets = LogLinear.of(aggregate.parameters());
                int found = asm.newLabel();
                search(buckets.bounds(), 0, buckets.bounds().size(), found);
                asm.place(found);
                bucket(buckets.buckets(), increment, end);
            }
        }
    }

    private void add(int offset, int value) {
        asm.constant(R1, value).atomic(Alu.ADD, R8, offset, R1);
    }

    private void extreme(Jump keeps, int end) {
        int set = asm.newLabel();
        asm.load(DW, R1, R8, 0).jump(Jump.EQ, R1, 0, set).load(DW, R1, R8, 8);
        asm.jumpRegister(keeps, R1, R9, end).place(set).store(DW, R8, 8, R9);
        asm.constant(R1, 1).store(DW, R8, 0, R1);
    }

    /** The sum of squares has 128 bits. */
    private void deviation(int end) {
        int positive = asm.newLabel();
        int carried = asm.newLabel();
        add(0, 1);
        asm.atomic(Alu.ADD, R8, 8, R9);
        asm.jump(Jump.SGE, R9, 0, positive).negate(R9).place(positive);
        // r1, r2: halves; r3 = low * low, r4 = high * low, r5 = high * high.
        asm.move(R1, R9).alu(Alu.RSH, R1, 32).move(R2, R9).zeroExtend32(R2);
        asm.move(R3, R2).aluRegister(Alu.MUL, R3, R2).alu(Alu.RSH, R3, 32);
        asm.move(R4, R1).aluRegister(Alu.MUL, R4, R2);
        asm.move(R5, R1).aluRegister(Alu.MUL, R5, R1);
        asm.move(R0, R4)
                .zeroExtend32(R0)
                .alu(Alu.LSH, R0, 1)
                .aluRegister(Alu.ADD, R3, R0)
                .alu(Alu.RSH, R3, 32);
        asm.alu(Alu.RSH, R4, 32)
                .alu(Alu.LSH, R4, 1)
                .aluRegister(Alu.ADD, R5, R4)
                .aluRegister(Alu.ADD, R5, R3);
        asm.aluRegister(Alu.MUL, R9, R9);
        asm.load(DW, R1, R8, 16).aluRegister(Alu.ADD, R1, R9).store(DW, R8, 16, R1);
        asm.jumpRegister(Jump.GE, R1, R9, carried).alu(Alu.ADD, R5, 1).place(carried);
        asm.load(DW, R1, R8, 24).aluRegister(Alu.ADD, R1, R5).store(DW, R8, 24, R1);
        asm.jump(end);
    }

    /** r0 = the bucket of quantize for r9: the position of the highest bit, on either side of zero. */
    private void power() {
        int zero = asm.newLabel();
        int done = asm.newLabel();
        int positive = asm.newLabel();
        asm.constant(R0, ZERO_BUCKET).jump(Jump.EQ, R9, 0, zero);
        asm.move(R2, R9).jump(Jump.SGE, R2, 0, positive).negate(R2).place(positive);
        asm.constant(R1, 0);
        for (int shift = 32; shift >= 1; shift /= 2) {
            int small = asm.newLabel();
            asm.move(R3, R2)
                    .alu(Alu.RSH, R3, shift)
                    .jump(Jump.EQ, R3, 0, small)
                    .move(R2, R3)
                    .alu(Alu.ADD, R1, shift)
                    .place(small);
            // A number through memory: what follows is verified once.
            asm.store(DW, SLOT, SLOT_WORD, R1).load(DW, R1, SLOT, SLOT_WORD);
        }
        int negative = asm.newLabel();
        asm.jump(Jump.SLT, R9, 0, negative)
                .constant(R0, ZERO_BUCKET + 1)
                .aluRegister(Alu.ADD, R0, R1)
                .jump(done);
        asm.place(negative).constant(R0, ZERO_BUCKET - 1).aluRegister(Alu.SUB, R0, R1);
        asm.jump(Jump.SGE, R0, 0, done).constant(R0, 0).place(done).place(zero);
    }

    private void linear(Aggregate aggregate) {
        long base = aggregate.parameters().get(0);
        long limit = aggregate.parameters().get(1);
        long step = aggregate.parameters().get(2);
        int above = asm.newLabel();
        int within = asm.newLabel();
        int done = asm.newLabel();
        asm.constant(R1, base)
                .jumpRegister(Jump.SGE, R9, R1, above)
                .constant(R0, 0)
                .jump(done)
                .place(above);
        asm.constant(R1, limit)
                .jumpRegister(Jump.SLT, R9, R1, within)
                .constant(R0, aggregate.levels() + 1)
                .jump(done);
        asm.place(within).move(R0, R9).constant(R1, base).aluRegister(Alu.SUB, R0, R1);
        asm.constant(R1, step).aluRegister(Alu.DIV, R0, R1).alu(Alu.ADD, R0, 1).place(done);
    }

    /** r0 = how many of the bounds are not above r9: a tree of comparisons. */
    private void search(List<Long> bounds, int from, int to, int found) {
        if (from == to) {
            asm.constant(R0, from).jump(found);
            return;
        }
        int middle = (from + to) / 2;
        int above = asm.newLabel();
        asm.constant(R1, bounds.get(middle)).jumpRegister(Jump.SGE, R9, R1, above);
        search(bounds, from, middle, found);
        asm.place(above);
        search(bounds, middle + 1, to, found);
    }

    /** Adds to the bucket whose number is in r0. */
    private void bucket(int buckets, int increment, int end) {
        emitter.launder();
        asm.jump(Jump.GE, R0, buckets, end);
        add(0, 1);
        asm.alu(Alu.LSH, R0, 3).aluRegister(Alu.ADD, R8, R0);
        if (increment >= 0) {
            asm.load(DW, R1, SLOT, increment).atomic(Alu.ADD, R8, 8, R1);
        } else {
            add(8, 1);
        }
    }
}
