package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import zonda.dtrace.syntax.DError;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;
import zonda.kernel.BpfAssembler.Width;

/**
 * What all parts of one program's code share: the assembler, places in the slot, and intermediate values, which live in
 * the two registers that calls keep and then on the stack.
 */
final class Emitter {
    // Helper functions: bpf-helpers(7).
    static final int MAP_LOOKUP = 1;
    static final int MAP_UPDATE = 2;
    static final int MAP_DELETE = 3;
    static final int KTIME = 5;
    static final int RANDOM = 7;
    static final int CPU = 8;
    static final int PID_TGID = 14;
    static final int UID_GID = 15;
    static final int COMM = 16;
    static final int CURRENT_TASK = 35;
    static final int GET_STACK = 67;
    static final int WRITE_USER = 36;
    static final int SEND_SIGNAL = 109;
    static final int READ_USER = 112;
    static final int READ_KERNEL = 113;
    static final int READ_USER_STRING = 114;
    static final int READ_KERNEL_STRING = 115;
    static final int RING_OUTPUT = 130;
    static final int TASK_STORAGE = 156;
    static final int CURRENT_TASK_BTF = 158;
    static final int COOKIE = 174;
    static final int TASK_REGISTERS = 175;

    // Places on the stack.
    static final int BUSY_POINTER = -8;
    static final int BUSY_BIT = -16;
    static final int KEY = -24;
    static final int READ = -32;
    static final int ADDRESS = -40;
    private static final int TEMPORARIES = -40;
    private static final int DEEPEST = -360;
    private static final int MOST_WORDS = 32;

    /** Kinds of faults, as the consumer names them. */
    static final int BAD_ADDRESS = 1;

    static final int ILLEGAL = 3;
    static final int DIVIDE_BY_ZERO = 4;
    static final int NO_SCRATCH = 5;
    static final int KERNEL_PRIVILEGE = 6;
    static final int USER_PRIVILEGE = 7;
    static final int BAD_INDEX = 11;

    final BpfAssembler asm;
    final Names names;
    final Shape shape;
    final Session session;
    final int stringSize;
    final Map<Integer, Boolean> maps = new TreeMap<>();
    private final List<Integer> freeRegisters = new ArrayList<>(List.of(R9, R8));
    private int stack = TEMPORARIES;
    private int top;
    private int highest;
    private int least;
    private int kept;
    /** What of the slot the clause may use by address. */
    final OwnMemory own = new OwnMemory(this);

    private int fault = -1;
    private boolean inError;
    private boolean timed = true;
    private boolean needsTime;
    private boolean foreign;
    private boolean trusted;

    /** What of the session the code needs to know: constants of dtrace's own process, and the clock. */
    record Session(
            long pid,
            long ppid,
            long uid,
            long gid,
            String execname,
            long wallOffset,
            int cpus,
            Optional<Confinement> confinement) {}

    Emitter(Names names, Shape shape, Session session, BpfAssembler asm) {
        this.asm = asm;
        this.names = names;
        this.shape = shape;
        this.session = session;
        this.stringSize = names.options().stringSize();
        this.top = SLOT_VARIABLES + names.size(zonda.dtrace.syntax.Expr.Scope.THIS);
        this.highest = top;
        this.foreign = isConfined() && shape.site() == Shape.Site.TICK;
    }

    // What a zone may see.

    /** Whether the program is for a zone. */
    boolean isConfined() {
        return session.confinement().isPresent();
    }

    Confinement confinement() {
        return session.confinement().orElseThrow();
    }

    /** Whether the thread that the program runs in may be anybody's, and is none of the zone's business. */
    void foreign(boolean is) {
        foreign = is;
    }

    boolean isForeign() {
        return foreign;
    }

    /** Whether the memory and registers at hand may be those of a process that is not the zone's. */
    boolean isBarredFromProcess() {
        return isConfined()
                && (foreign || shape.site() == Shape.Site.RUN || shape.task().isPresent());
    }

    /** Code of the provider's own may read what the clauses may not. */
    void trusting(Runnable emission) {
        trusted = true;
        emission.run();
        trusted = false;
    }

    /** Whether addresses that D has computed lead to the program's own memory only. */
    boolean isGuarded() {
        return isConfined() && !trusted;
    }

    /** Always a fault; code may follow. */
    void refuse(int code) {
        int never = asm.newLabel();
        asm.constant(R0, 0).jump(Jump.NE, R0, 0, never);
        fail(code);
        asm.place(never);
    }

    /** Where a process' own things are asked for, a fault unless they are the zone's. */
    void requireProcess() {
        if (isBarredFromProcess()) {
            refuse(USER_PRIVILEGE);
        }
    }

    // Places in the slot.

    int mark() {
        return top;
    }

    void release(int mark) {
        top = Math.max(mark, kept);
    }

    /** Bytes that the clause keeps to its end, whatever is released: what alloca() and copyin() give. */
    int allocateForClause(int size) {
        int place = allocate(size + 8);
        kept = top;
        own.add(place, size);
        return place;
    }

    /** The clause is at its end. */
    void releaseForClause() {
        kept = 0;
        own.clear();
    }

    /** Bytes in the slot, at a constant offset. */
    int allocate(int size) {
        int place = top;
        top += (size + 7) / 8 * 8;
        highest = Math.max(highest, top);
        if (highest > 1 << 20) {
            throw new DError("D_PROG_BIG", 0, "the program needs more than a megabyte of scratch memory");
        }
        return place;
    }

    /** Bytes that the slot needs; reads of words may go a little beyond the last place. */
    int slotSize() {
        return Math.max(used(), least);
    }

    /** Where the places of this program end: what comes after them may start here. */
    int used() {
        return highest + stringSize + 64;
    }

    /** The slot has at least that many bytes, which are no places of their own. */
    void reserve(int bytes) {
        least = Math.max(least, bytes);
    }

    /** Places are given from this offset on. */
    void startAt(int offset) {
        top = (offset + 7) / 8 * 8;
        highest = Math.max(highest, top);
    }

    // Intermediate values.

    /** Where an intermediate value is kept: a register, or an offset on the stack. */
    record Temporary(int register, int offset) {}

    /** Keeps r0. */
    Temporary save() {
        if (!freeRegisters.isEmpty()) {
            int register = freeRegisters.removeLast();
            asm.move(register, R0);
            return new Temporary(register, 0);
        }
        stack -= 8;
        if (stack < DEEPEST) {
            throw new DError("D_PROG_BIG", 0, "an expression has too many intermediate values");
        }
        asm.store(DW, FRAME, stack, R0);
        return new Temporary(-1, stack);
    }

    /** Puts a kept value into a register. It is still kept. */
    void load(int register, Temporary temporary) {
        if (temporary.register() >= 0) {
            asm.move(register, temporary.register());
        } else {
            asm.load(DW, register, FRAME, temporary.offset());
        }
    }

    /** Changes a kept value. */
    void set(Temporary temporary, int register) {
        if (temporary.register() >= 0) {
            asm.move(temporary.register(), register);
        } else {
            asm.store(DW, FRAME, temporary.offset(), register);
        }
    }

    /** The last one kept is not needed any longer. */
    void free(Temporary temporary) {
        if (temporary.register() >= 0) {
            freeRegisters.addLast(temporary.register());
        } else {
            stack += 8;
        }
    }

    // Small pieces of code.

    void useMap(int register, int map) {
        maps.put(map, true);
        asm.map(register, map);
    }

    void useMapValue(int register, int map, int offset) {
        maps.put(map, true);
        asm.mapValue(register, map, offset);
    }

    /** register = address of a place in the slot. */
    void slotAddress(int register, int place) {
        asm.move(register, SLOT).alu(Alu.ADD, register, place);
    }

    void frameAddress(int register, int offset) {
        asm.move(register, FRAME).alu(Alu.ADD, register, offset);
    }

    /** Makes a plain number of whatever r0 is, so that the verifier lets it be computed with. */
    void launder() {
        asm.store(DW, SLOT, SLOT_WORD, R0).load(DW, R0, SLOT, SLOT_WORD);
    }

    void zero(int place, int bytes) {
        if (bytes <= 0) {
            return;
        }
        if (bytes <= 64) {
            for (int i = 0; i < bytes; i += 8) {
                asm.storeConstant(DW, SLOT, place + i, 0);
            }
            return;
        }
        useMapValue(R3, ZEROS, 0);
        slotAddress(R1, place);
        asm.constant(R2, bytes).call(READ_KERNEL);
    }

    /** Copies bytes from an address in a register, which may be r0, to a place in the slot. */
    void copyToSlot(int place, int from, int offset, int bytes) {
        if (bytes > 64) {
            asm.move(R3, from);
            if (offset != 0) {
                asm.alu(Alu.ADD, R3, offset);
            }
            slotAddress(R1, place);
            asm.constant(R2, bytes).call(READ_KERNEL);
            return;
        }
        for (int i = 0; i < bytes; i += 8) {
            asm.load(DW, R2, from, offset + i).store(DW, SLOT, place + i, R2);
        }
    }

    /** Copies bytes of the slot to where r0 points: word by word, or by a helper where that makes the code too long. */
    void copyFromSlot(int place, int bytes) {
        if (bytes <= MOST_WORDS * 8) {
            for (int i = 0; i < bytes; i += 8) {
                asm.load(DW, R1, SLOT, place + i).store(DW, R0, i, R1);
            }
            return;
        }
        asm.move(R1, R0).constant(R2, bytes);
        slotAddress(R3, place);
        asm.call(READ_KERNEL);
    }

    /** Copies within the slot. */
    void copy(int to, int from, int bytes) {
        copyToSlot(to, SLOT, from, bytes);
    }

    /** Writes constant text, padded with zeros, or cut with a zero at its end. */
    void text(int place, byte[] bytes, int size) {
        int used = Math.min(bytes.length, size - 1);
        int words = (used + 8) / 8;
        for (int word = 0; word < words; word++) {
            long value = word(bytes, used, word);
            asm.constant(R1, value).store(DW, SLOT, place + 8 * word, R1);
        }
        zero(place + 8 * words, size - 8 * words);
    }

    static long word(byte[] bytes, int used, int word) {
        long value = 0;
        for (int i = 0; i < 8 && 8 * word + i < used; i++) {
            value |= (bytes[8 * word + i] & 0xffL) << 8 * i;
        }
        return value;
    }

    /** Adds one to a counter of this processor. */
    void count(int counter) {
        int out = asm.newLabel();
        asm.call(CPU).jump(Jump.GE, R0, session.cpus(), out);
        asm.alu(Alu.MUL, R0, COUNTERS_SIZE);
        useMapValue(R1, STATE, COUNTERS + counter);
        asm.aluRegister(Alu.ADD, R1, R0).constant(R2, 1).atomic(Alu.ADD, R1, 0, R2);
        asm.place(out);
    }

    // Faults.

    void faultLabel(int label) {
        fault = label;
    }

    int faultLabel() {
        return fault;
    }

    void inError(boolean is) {
        inError = is;
    }

    boolean isInError() {
        return inError;
    }

    /** Whether the program reads the clock when it begins. It need not when nothing asks for the time. */
    void timed(boolean is) {
        timed = is;
    }

    boolean isTimed() {
        return timed;
    }

    /** The time is asked for. */
    void needTime() {
        needsTime = true;
    }

    boolean needsTime() {
        return needsTime;
    }

    /** A fault without an address. */
    void fail(int code) {
        asm.storeConstant(DW, SLOT, SLOT_FAULT, code)
                .storeConstant(DW, SLOT, SLOT_FAULT_ADDRESS, 0)
                .jump(fault);
    }

    /** A fault with a number that tells more. */
    void fail(int code, int register) {
        asm.storeConstant(DW, SLOT, SLOT_FAULT, code)
                .store(DW, SLOT, SLOT_FAULT_ADDRESS, register)
                .jump(fault);
    }

    /** A fault at the address that was kept on the stack, which a zone is not told of. */
    void failOutside() {
        if (isConfined()) {
            fail(KERNEL_PRIVILEGE);
        } else {
            failAddress();
        }
    }

    /** A fault at the address that was kept on the stack. */
    void failAddress() {
        asm.load(DW, R1, FRAME, ADDRESS)
                .storeConstant(DW, SLOT, SLOT_FAULT, BAD_ADDRESS)
                .store(DW, SLOT, SLOT_FAULT_ADDRESS, R1)
                .jump(fault);
    }

    /** r0 = the number of that size at the kernel address in r0; a fault when it can't be read. */
    void readKernel(int size, boolean signed) {
        asm.store(DW, FRAME, ADDRESS, R0).move(R3, R0);
        frameAddress(R1, READ);
        asm.constant(R2, size).call(READ_KERNEL);
        int ok = asm.newLabel();
        asm.jump(Jump.EQ, R0, 0, ok);
        failOutside();
        asm.place(ok).load(Width.of(size), R0, FRAME, READ);
        extend(size, signed);
    }

    /** r0 cut to a size and extended to 64 bits. */
    void extend(int size, boolean signed) {
        if (size >= 8) {
            return;
        }
        if (size == 4 && !signed) {
            asm.zeroExtend32(R0);
            return;
        }
        asm.alu(Alu.LSH, R0, 64 - 8 * size).alu(signed ? Alu.ARSH : Alu.RSH, R0, 64 - 8 * size);
    }
}
