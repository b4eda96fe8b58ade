package zonda.dtrace.code;

import static zonda.dtrace.code.Library.*;
import static zonda.dtrace.code.Maps.*;

import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;

/**
 * Code that finds in a text of JSON what a path such as {@code a.b[2].c} leads to: json().
 *
 * <p>It goes over the text once, byte by byte. A value lies on the way when as many parts of the path have been found as
 * containers are open around it; of other values only the form is looked at. All that it knows is in words of memory
 * (r8): that way the verifier sees no difference between one byte and the next.
 */
final class JsonSearch {
    /** Bytes of memory that it needs. */
    static final int MEMORY_SIZE = 15 * 8;

    private static final int MODE = 0;
    private static final int DEPTH = 8;
    private static final int FOUND = 16;
    /** A bit for each open container, the innermost lowest: whether it is an array. */
    private static final int ARRAYS_OPEN = 24;

    private static final int INDEX = 32;
    private static final int WANTED = 40;
    /** Where in the path the part begins that is looked for, and where in it a key is compared. */
    private static final int PART = 48;

    private static final int COMPARED = 56;
    private static final int DIFFERS = 64;
    /** Where the value begins that the path leads to, plus one; 0 as long as there is none. */
    private static final int BEGIN = 72;

    private static final int BEGIN_DEPTH = 80;
    private static final int DIGITS_LEFT = 88;
    private static final int IS_KEY = 96;
    private static final int PASSED = 104;
    /** Where the part ends, if it is the number of an element. */
    private static final int NUMBER_END = 112;

    private static final int RESULT_START = SLOT_WORK;
    private static final int RESULT_END = SLOT_WORK + 8;
    private static final int DEEPEST = 60;
    private static final int LONGEST_INDEX = 6;

    /** What comes next. */
    private enum Mode {
        VALUE,
        KEY,
        COLON,
        AFTER,
        STRING,
        ESCAPE,
        HEX,
        NUMBER,
        WORD
    }

    private final Library library;
    private final BpfAssembler asm;
    private final int size;

    JsonSearch(Library library, BpfAssembler asm, int size) {
        this.library = library;
        this.asm = asm;
        this.size = size;
    }

    void emit() {
        int end = asm.newLabel();
        library.keep(true, true);
        asm.move(THIRD, R4).move(OTHER, R2);
        asm.storeConstant(DW, MEMORY, RESULT_START, -1).storeConstant(DW, MEMORY, RESULT_END, 0);
        part();
        library.loop(size, true, true, this::step);
        // A number may end with the text.
        asm.load(DW, R1, MEMORY, RESULT_END).jump(Jump.NE, R1, 0, end);
        asm.load(DW, R1, THIRD, BEGIN).jump(Jump.EQ, R1, 0, end).load(DW, R2, THIRD, MODE);
        asm.jump(Jump.LT, R2, Mode.NUMBER.ordinal(), end).load(DW, R2, THIRD, DEPTH);
        asm.jump(Jump.NE, R2, 0, end).load(DW, R2, THIRD, PASSED);
        asm.alu(Alu.ADD, R1, -1)
                .store(DW, MEMORY, RESULT_START, R1)
                .store(DW, MEMORY, RESULT_END, R2)
                .place(end);
        asm.constant(R0, 0).exit();
    }

    private void set(int word, int value) {
        asm.storeConstant(DW, THIRD, word, value);
    }

    private void mode(Mode mode) {
        set(MODE, mode.ordinal());
    }

    /** r1 = the byte of the path at the place in a word; where that is beyond its end, 0. */
    private void pathByte(int word) {
        int beyond = asm.newLabel();
        int end = asm.newLabel();
        asm.load(DW, R2, THIRD, word).jump(Jump.GE, R2, size, beyond);
        asm.move(R3, OTHER).aluRegister(Alu.ADD, R3, R2).load(B, R1, R3, 0).jump(end);
        asm.place(beyond).constant(R1, 0).place(end);
    }

    /** PART goes on by one. */
    private void skip() {
        asm.load(DW, R2, THIRD, PART).alu(Alu.ADD, R2, 1).store(DW, THIRD, PART, R2);
    }

    /** PART is where a part ended, and goes to where the next begins. */
    private void part() {
        int open = asm.newLabel();
        int end = asm.newLabel();
        int yes = asm.newLabel();
        pathByte(PART);
        asm.jump(Jump.NE, R1, ']', open);
        skip();
        pathByte(PART);
        asm.place(open).jump(Jump.EQ, R1, '.', yes).jump(Jump.NE, R1, '[', end).place(yes);
        skip();
        asm.place(end);
    }

    private void step(Loop loop) {
        var modes = Mode.values();
        int[] labels = new int[modes.length];
        asm.move(R2, R0).alu(Alu.ADD, R2, 1).store(DW, THIRD, PASSED, R2);
        asm.load(DW, R2, THIRD, MODE);
        for (Mode mode : modes) {
            labels[mode.ordinal()] = asm.newLabel();
            asm.jump(Jump.EQ, R2, mode.ordinal(), labels[mode.ordinal()]);
        }
        asm.jump(loop.end());
        for (Mode mode : modes) {
            asm.place(labels[mode.ordinal()]);
            switch (mode) {
                case VALUE -> value(loop);
                case KEY -> key(loop);
                case COLON -> colon(loop);
                case AFTER -> after(loop);
                case STRING -> string(loop);
                case ESCAPE -> escape(loop);
                case HEX -> hex(loop);
                case NUMBER -> number(loop);
                case WORD -> word(loop);
            }
        }
    }

    private void skipBlanks(Loop loop) {
        for (char blank : new char[] {' ', '\t', '\n', '\r'}) {
            asm.jump(Jump.EQ, R1, blank, loop.next());
        }
    }

    private void value(Loop loop) {
        int object = asm.newLabel();
        int array = asm.newLabel();
        int string = asm.newLabel();
        int number = asm.newLabel();
        int close = asm.newLabel();
        int word = asm.newLabel();
        skipBlanks(loop);
        asm.jump(Jump.EQ, R1, '{', object)
                .jump(Jump.EQ, R1, '[', array)
                .jump(Jump.EQ, R1, '"', string)
                .jump(Jump.EQ, R1, ']', close);
        asm.jump(Jump.EQ, R1, '-', number);
        asm.jump(Jump.LT, R1, '0', loop.end()).jump(Jump.LE, R1, '9', number);
        asm.jump(Jump.LT, R1, 'a', loop.end()).jump(Jump.LE, R1, 'z', word).jump(loop.end());
        asm.place(number);
        begins(loop, false);
        mode(Mode.NUMBER);
        asm.jump(loop.next()).place(word);
        begins(loop, false);
        mode(Mode.WORD);
        asm.jump(loop.next()).place(string);
        // A string begins behind its quotation mark.
        asm.alu(Alu.ADD, R0, 1);
        begins(loop, false);
        set(IS_KEY, 0);
        mode(Mode.STRING);
        asm.jump(loop.next()).place(object);
        begins(loop, true);
        open(loop, false);
        asm.jump(loop.next()).place(array);
        begins(loop, true);
        open(loop, true);
        asm.jump(loop.next()).place(close);
        close(loop, true);
        asm.jump(loop.next());
    }

    /** A value begins at r0. When the path leads to it, it is kept; when the path leads into it, it must be a container. */
    private void begins(Loop loop, boolean container) {
        int other = asm.newLabel();
        int into = asm.newLabel();
        asm.load(DW, R1, THIRD, BEGIN).jump(Jump.NE, R1, 0, other);
        asm.load(DW, R1, THIRD, DEPTH).load(DW, R2, THIRD, FOUND).jumpRegister(Jump.NE, R1, R2, other);
        asm.store(DW, THIRD, BEGIN_DEPTH, R1);
        pathByte(PART);
        asm.jump(Jump.NE, R1, 0, into);
        asm.move(R1, R0).alu(Alu.ADD, R1, 1).store(DW, THIRD, BEGIN, R1).jump(other);
        asm.place(into);
        if (!container) {
            asm.jump(loop.end());
        }
        asm.place(other);
    }

    private void open(Loop loop, boolean array) {
        int done = asm.newLabel();
        asm.load(DW, R1, THIRD, ARRAYS_OPEN).alu(Alu.LSH, R1, 1);
        if (array) {
            asm.alu(Alu.OR, R1, 1);
        }
        asm.store(DW, THIRD, ARRAYS_OPEN, R1);
        asm.load(DW, R1, THIRD, DEPTH).load(DW, R2, THIRD, FOUND).load(DW, R3, THIRD, BEGIN);
        asm.move(R4, R1).alu(Alu.ADD, R4, 1).store(DW, THIRD, DEPTH, R4).jump(Jump.GT, R4, DEEPEST, loop.end());
        mode(array ? Mode.VALUE : Mode.KEY);
        if (array) {
            asm.jump(Jump.NE, R3, 0, done).jumpRegister(Jump.NE, R1, R2, done);
            wanted();
            set(INDEX, 0);
            element(done);
        }
        asm.place(done);
    }

    /** WANTED = the number that the part is, or -1; NUMBER_END = where it ends. */
    private void wanted() {
        int end = asm.newLabel();
        set(WANTED, -1);
        asm.load(DW, R2, THIRD, PART).store(DW, THIRD, NUMBER_END, R2);
        for (int i = 0; i < LONGEST_INDEX; i++) {
            int first = asm.newLabel();
            pathByte(NUMBER_END);
            asm.jump(Jump.LT, R1, '0', end).jump(Jump.GT, R1, '9', end);
            asm.alu(Alu.ADD, R1, -'0').load(DW, R2, THIRD, WANTED);
            asm.jump(Jump.SGE, R2, 0, first).constant(R2, 0).place(first);
            asm.alu(Alu.MUL, R2, 10).aluRegister(Alu.ADD, R2, R1).store(DW, THIRD, WANTED, R2);
            asm.load(DW, R2, THIRD, NUMBER_END).alu(Alu.ADD, R2, 1).store(DW, THIRD, NUMBER_END, R2);
        }
        asm.place(end);
    }

    /** An element of the array on the way begins: is it the one? */
    private void element(int no) {
        asm.load(DW, R1, THIRD, INDEX).load(DW, R2, THIRD, WANTED).jumpRegister(Jump.NE, R1, R2, no);
        found(NUMBER_END);
    }

    /** A part of the path was found, up to the place in that word; the next one begins behind it. */
    private void found(int end) {
        asm.load(DW, R1, THIRD, FOUND).alu(Alu.ADD, R1, 1).store(DW, THIRD, FOUND, R1);
        asm.load(DW, R1, THIRD, end).store(DW, THIRD, PART, R1);
        part();
    }

    /** The innermost container ends at r0. */
    private void close(Loop loop, boolean array) {
        int inside = asm.newLabel();
        int still = asm.newLabel();
        asm.load(DW, R1, THIRD, DEPTH).jump(Jump.EQ, R1, 0, loop.end());
        asm.load(DW, R2, THIRD, ARRAYS_OPEN).move(R3, R2).alu(Alu.AND, R3, 1);
        asm.jump(Jump.NE, R3, array ? 1 : 0, loop.end()).alu(Alu.RSH, R2, 1).store(DW, THIRD, ARRAYS_OPEN, R2);
        asm.alu(Alu.ADD, R1, -1).store(DW, THIRD, DEPTH, R1);
        asm.load(DW, R2, THIRD, BEGIN).jump(Jump.NE, R2, 0, inside);
        // The container on the way ends without what was looked for.
        asm.load(DW, R2, THIRD, FOUND).jumpRegister(Jump.LE, R1, R2, loop.end()).jump(still);
        asm.place(inside).load(DW, R2, THIRD, BEGIN_DEPTH).jumpRegister(Jump.GT, R1, R2, still);
        asm.move(R2, R0).alu(Alu.ADD, R2, 1);
        finish(loop);
        asm.place(still);
        mode(Mode.AFTER);
    }

    /** The value that was looked for ends before r2. */
    private void finish(Loop loop) {
        asm.load(DW, R1, THIRD, BEGIN)
                .alu(Alu.ADD, R1, -1)
                .store(DW, MEMORY, RESULT_START, R1)
                .store(DW, MEMORY, RESULT_END, R2)
                .jump(loop.end());
    }

    /** A value that is no container ends before r0: it may be the one. */
    private void ends(Loop loop) {
        int other = asm.newLabel();
        asm.load(DW, R1, THIRD, BEGIN).jump(Jump.EQ, R1, 0, other);
        asm.load(DW, R1, THIRD, DEPTH).load(DW, R2, THIRD, BEGIN_DEPTH).jumpRegister(Jump.NE, R1, R2, other);
        asm.move(R2, R0);
        finish(loop);
        asm.place(other);
        mode(Mode.AFTER);
    }

    private void key(Loop loop) {
        int close = asm.newLabel();
        skipBlanks(loop);
        asm.jump(Jump.EQ, R1, '}', close).jump(Jump.NE, R1, '"', loop.end());
        set(IS_KEY, 1);
        set(DIFFERS, 0);
        mode(Mode.STRING);
        asm.load(DW, R2, THIRD, PART).store(DW, THIRD, COMPARED, R2).jump(loop.next());
        asm.place(close);
        close(loop, false);
        asm.jump(loop.next());
    }

    private void colon(Loop loop) {
        skipBlanks(loop);
        asm.jump(Jump.NE, R1, ':', loop.end());
        mode(Mode.VALUE);
        onTheWay(loop.next());
        int ended = asm.newLabel();
        asm.load(DW, R2, THIRD, DIFFERS).jump(Jump.NE, R2, 0, loop.next());
        pathByte(COMPARED);
        for (char end : new char[] {0, '.', '[', ']'}) {
            asm.jump(Jump.EQ, R1, end, ended);
        }
        asm.jump(loop.next()).place(ended);
        found(COMPARED);
        asm.jump(loop.next());
    }

    /** Goes to the label unless the innermost container is the one that is looked into. */
    private void onTheWay(int no) {
        asm.load(DW, R2, THIRD, BEGIN).jump(Jump.NE, R2, 0, no);
        asm.load(DW, R2, THIRD, DEPTH).load(DW, R3, THIRD, FOUND).alu(Alu.ADD, R3, 1);
        asm.jumpRegister(Jump.NE, R2, R3, no);
    }

    private void after(Loop loop) {
        int object = asm.newLabel();
        int closeObject = asm.newLabel();
        int closeArray = asm.newLabel();
        skipBlanks(loop);
        asm.jump(Jump.EQ, R1, '}', closeObject)
                .jump(Jump.EQ, R1, ']', closeArray)
                .jump(Jump.NE, R1, ',', loop.end());
        asm.load(DW, R2, THIRD, DEPTH).jump(Jump.EQ, R2, 0, loop.end());
        asm.load(DW, R2, THIRD, ARRAYS_OPEN).alu(Alu.AND, R2, 1).jump(Jump.EQ, R2, 0, object);
        mode(Mode.VALUE);
        onTheWay(loop.next());
        asm.load(DW, R1, THIRD, INDEX).alu(Alu.ADD, R1, 1).store(DW, THIRD, INDEX, R1);
        element(loop.next());
        asm.jump(loop.next()).place(object);
        mode(Mode.KEY);
        asm.jump(loop.next()).place(closeObject);
        close(loop, false);
        asm.jump(loop.next()).place(closeArray);
        close(loop, true);
        asm.jump(loop.next());
    }

    private void string(Loop loop) {
        int plain = asm.newLabel();
        int escape = asm.newLabel();
        int value = asm.newLabel();
        asm.jump(Jump.EQ, R1, '\\', escape).jump(Jump.NE, R1, '"', plain);
        asm.load(DW, R2, THIRD, IS_KEY).jump(Jump.EQ, R2, 0, value);
        mode(Mode.COLON);
        asm.jump(loop.next()).place(value);
        ends(loop);
        asm.jump(loop.next()).place(escape);
        mode(Mode.ESCAPE);
        asm.place(plain);
        compare(loop);
        asm.jump(loop.next());
    }

    /** A byte of a key, in r1, is compared with the path. */
    private void compare(Loop loop) {
        int differs = asm.newLabel();
        int same = asm.newLabel();
        asm.load(DW, R2, THIRD, IS_KEY).jump(Jump.EQ, R2, 0, loop.next()).move(R4, R1);
        pathByte(COMPARED);
        for (char end : new char[] {'.', '[', ']'}) {
            asm.jump(Jump.EQ, R1, end, differs);
        }
        asm.jumpRegister(Jump.EQ, R1, R4, same).place(differs);
        set(DIFFERS, 1);
        asm.jump(loop.next()).place(same);
        asm.load(DW, R2, THIRD, COMPARED).alu(Alu.ADD, R2, 1).store(DW, THIRD, COMPARED, R2);
    }

    private void escape(Loop loop) {
        int plain = asm.newLabel();
        int hex = asm.newLabel();
        asm.jump(Jump.EQ, R1, 'u', hex);
        for (char letter : new char[] {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'}) {
            asm.jump(Jump.EQ, R1, letter, plain);
        }
        asm.jump(loop.end()).place(hex);
        mode(Mode.HEX);
        set(DIGITS_LEFT, 4);
        compare(loop);
        asm.jump(loop.next()).place(plain);
        mode(Mode.STRING);
        compare(loop);
        asm.jump(loop.next());
    }

    private void hex(Loop loop) {
        int fine = asm.newLabel();
        asm.move(R2, R1)
                .jump(Jump.LT, R2, '0', loop.end())
                .jump(Jump.LE, R2, '9', fine)
                .alu(Alu.OR, R2, 0x20);
        asm.jump(Jump.LT, R2, 'a', loop.end())
                .jump(Jump.GT, R2, 'f', loop.end())
                .place(fine);
        int more = asm.newLabel();
        asm.load(DW, R2, THIRD, DIGITS_LEFT).alu(Alu.ADD, R2, -1).store(DW, THIRD, DIGITS_LEFT, R2);
        asm.jump(Jump.NE, R2, 0, more);
        mode(Mode.STRING);
        asm.place(more);
        compare(loop);
        asm.jump(loop.next());
    }

    private void number(Loop loop) {
        for (char sign : new char[] {'+', '-', '.', 'e', 'E'}) {
            asm.jump(Jump.EQ, R1, sign, loop.next());
        }
        int other = asm.newLabel();
        asm.jump(Jump.LT, R1, '0', other).jump(Jump.LE, R1, '9', loop.next()).place(other);
        endOfWord(loop);
    }

    private void word(Loop loop) {
        int other = asm.newLabel();
        asm.jump(Jump.LT, R1, 'a', other).jump(Jump.LE, R1, 'z', loop.next()).place(other);
        endOfWord(loop);
    }

    /** A byte that is no part of the number or word: it ends it, and may end what is around it, too. */
    private void endOfWord(Loop loop) {
        int fine = asm.newLabel();
        for (char end : new char[] {' ', '\t', '\n', '\r', ',', '}', ']'}) {
            asm.jump(Jump.EQ, R1, end, fine);
        }
        asm.jump(loop.end()).place(fine).move(R5, R1);
        ends(loop);
        asm.move(R1, R5);
        after(loop);
    }
}
