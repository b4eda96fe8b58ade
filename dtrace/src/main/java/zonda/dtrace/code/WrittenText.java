package zonda.dtrace.code;

import static zonda.dtrace.code.Maps.*;

import java.util.List;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Jump;

/** Code that writes text of its own making: addresses of the Internet, paths without what says nothing, parts of JSON. */
final class WrittenText {
    private static final int WORK1 = SLOT_WORK + 8;
    private static final int WORK2 = SLOT_WORK + 16;
    private static final int INET = 2;
    private static final int INET6 = 10;
    private static final int ILLEGAL_OPERATION = 3;

    private final StringEmitter strings;
    private final TextSearch search;
    private final NumberEmitter numbers;
    private final Emitter emitter;
    private final BpfAssembler asm;
    private final Library library;
    private final int size;

    WrittenText(StringEmitter strings, TextSearch search, NumberEmitter numbers, Library library) {
        this.strings = strings;
        this.search = search;
        this.numbers = numbers;
        this.emitter = numbers.emitter;
        this.asm = emitter.asm;
        this.library = library;
        this.size = emitter.stringSize;
    }

    void json(List<Op> arguments, int place) {
        int text = strings.operand(arguments.get(0));
        int path = strings.operand(arguments.get(1));
        int memory = emitter.allocate(JsonSearch.MEMORY_SIZE);
        emitter.zero(memory, JsonSearch.MEMORY_SIZE);
        emitter.slotAddress(R1, text);
        emitter.slotAddress(R2, path);
        emitter.slotAddress(R4, memory);
        library.call(Library.Function.JSON);
        search.part(text, place);
    }

    void cleanPath(Op op, int place) {
        int text = strings.operand(op);
        int written = emitter.allocate(size);
        emitter.slotAddress(R1, text);
        emitter.slotAddress(R4, written);
        library.call(Library.Function.CLEAN_PATH);
        search.part(written, place);
    }

    /** inet_ntop(): of which family an address is, a number says. */
    void address(Op family, Op address, int place) {
        int other = asm.newLabel();
        int end = asm.newLabel();
        int fine = asm.newLabel();
        numbers.number(family);
        asm.jump(Jump.NE, R0, INET, other);
        address(address, place);
        asm.jump(end).place(other).jump(Jump.EQ, R0, INET6, fine);
        emitter.fail(ILLEGAL_OPERATION);
        asm.place(fine);
        address6(address, place);
        asm.place(end);
    }

    void address6(Op op, int place) {
        int raw = emitter.allocate(16);
        int groups = emitter.allocate(64);
        int text = emitter.allocate(Inet6Text.TEXT_SIZE);
        numbers.number(op);
        numbers.emitter.own.guard(16);
        strings.read(raw, 16, Emitter.READ_KERNEL);
        for (int i = 0; i < 8; i++) {
            asm.load(BpfAssembler.Width.HALF, R1, SLOT, raw + 2 * i).bigEndian(R1, 16);
            asm.store(DW, SLOT, groups + 8 * i, R1);
        }
        emitter.zero(text, Inet6Text.TEXT_SIZE);
        emitter.slotAddress(R1, text);
        emitter.slotAddress(R2, groups);
        emitter.slotAddress(R4, text);
        library.call(Library.Function.INET6);
        int shown = Math.min(size, Inet6Text.TEXT_SIZE);
        emitter.copy(place, text, shown);
        emitter.zero(place + shown, size - shown);
    }

    /** An address of IPv4 in memory as text. */
    void address(Op op, int place) {
        int raw = emitter.allocate(8);
        emitter.zero(raw, 8);
        numbers.number(op);
        numbers.emitter.own.guard(4);
        strings.read(raw, 4, Emitter.READ_KERNEL);
        int one = emitter.allocate(size);
        int joined = emitter.allocate(size);
        emitter.text(joined, new byte[0], size);
        for (int i = 0; i < 4; i++) {
            asm.load(B, R0, SLOT, raw + i);
            asm.store(DW, SLOT, WORK2, R0);
            int mark = emitter.mark();
            int digits = emitter.allocate(Library.DIGITS_SIZE);
            emitter.zero(digits + 64, 8);
            asm.constant(R4, 10).load(DW, R3, SLOT, WORK2);
            emitter.slotAddress(R1, digits);
            asm.constant(R2, 0);
            library.call(Library.Function.DIGITS);
            asm.storeConstant(DW, SLOT, WORK1, 67);
            search.part(digits, one);
            strings.join(joined, one, joined);
            if (i < 3) {
                emitter.text(one, new byte[] {'.'}, size);
                strings.join(joined, one, joined);
            }
            emitter.release(mark);
        }
        emitter.copy(place, joined, size);
    }
}
