package zonda.dtrace;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import zonda.dtrace.code.Maps;

/**
 * Runs eBPF programs in Java, with the helpers that the compiler uses and maps in memory, so that what the compiler
 * writes can be tested without a kernel. It proves nothing about the verifier.
 *
 * <p>Addresses are the number of a piece of memory in the upper 32 bits and an offset in the lower; reading beyond a piece
 * fails as a helper of the kernel would, or ends the test when an instruction does it.
 */
final class BpfMachine {
    private static final int MOST_STEPS = 10_000_000;
    private static final int STACK = 512;

    private final List<ByteBuffer> memory = new ArrayList<>();
    private final Map<Integer, Map<String, Long>> hashes = new HashMap<>();
    private final Map<Integer, Long> arrays = new HashMap<>();
    private final Map<Integer, int[]> shapes = new HashMap<>();
    private final List<byte[]> records = new ArrayList<>();
    private final LongSupplier clock;
    private Runnable interrupt = () -> {};

    BpfMachine(LongSupplier clock) {
        this.clock = clock;
        memory.add(ByteBuffer.allocate(0));
    }

    /** Adds an array. */
    void array(int index, int valueSize, int entries) {
        shapes.put(index, new int[] {4, valueSize, entries});
        arrays.put(index, piece(valueSize * entries));
    }

    void hash(int index, int keySize, int valueSize, int entries) {
        shapes.put(index, new int[] {keySize, valueSize, entries});
        hashes.put(index, new HashMap<>());
    }

    List<byte[]> records() {
        return records;
    }

    /** Has another program run right before the first change of a hash, as an interrupt may. */
    void interruptUpdate(Runnable other) {
        interrupt = other;
    }

    /** The values of a hash. */
    List<ByteBuffer> values(int index) {
        return hashes.get(index).values().stream()
                .map(place -> memory.get((int) (place >>> 32)))
                .toList();
    }

    /** Sets a number in the first value of an array. */
    void set(int index, int offset, long value) {
        memory.get((int) (arrays.getOrDefault(index, 0L) >>> 32)).putLong(offset, value);
    }

    long get(int index, int offset) {
        return memory.get((int) (arrays.getOrDefault(index, 0L) >>> 32)).getLong(offset);
    }

    private long piece(int size) {
        memory.add(ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN));
        return (long) (memory.size() - 1) << 32;
    }

    private ByteBuffer at(long address, int size) {
        int piece = (int) (address >>> 32);
        int offset = (int) address;
        if (piece <= 0
                || piece >= memory.size()
                || offset < 0
                || offset + size > memory.get(piece).capacity()) {
            throw new IllegalStateException("no memory at " + Long.toHexString(address) + " for " + size + " bytes");
        }
        return memory.get(piece);
    }

    private boolean isThere(long address, long size) {
        int piece = (int) (address >>> 32);
        int offset = (int) address;
        return piece > 0
                && piece < memory.size()
                && offset >= 0
                && size >= 0
                && offset + size <= memory.get(piece).capacity();
    }

    /** Runs a program to its end. */
    void run(long[] code) {
        run(code, new long[0]);
    }

    /** @param context what the program is given, such as the registers at a function's first instruction */
    void run(long[] code, long[] context) {
        long[] registers = new long[11];
        registers[1] = piece(256);
        for (int i = 0; i < context.length; i++) {
            store(0x18, registers[1] + 8L * i, context[i]);
        }
        call(code, 0, registers, new int[] {0});
    }

    private void call(long[] code, int start, long[] r, int[] steps) {
        r[10] = piece(STACK) + STACK;
        int at = start;
        while (true) {
            if (++steps[0] > MOST_STEPS) {
                throw new IllegalStateException("the program doesn't end");
            }
            long insn = code[at];
            int opcode = (int) (insn & 0xff);
            int to = (int) (insn >>> 8 & 15);
            int from = (int) (insn >>> 12 & 15);
            int offset = (short) (insn >>> 16);
            int immediate = (int) (insn >>> 32);
            switch (opcode & 7) {
                case 0 -> {
                    int high = (int) (code[at + 1] >>> 32);
                    r[to] = switch (from) {
                        case 1 -> immediate;
                        case 2 -> arrays.getOrDefault(immediate, 0L) + high;
                        case 4 -> at + 1 + immediate;
                        default -> (long) high << 32 | immediate & 0xffffffffL;
                    };
                    at++;
                }
                case 1 -> r[to] = load(opcode, r[from] + offset);
                case 2 -> store(opcode, r[to] + offset, immediate);
                case 3 -> {
                    if ((opcode & 0xe0) == 0xc0) {
                        atomic(immediate, r, to, from, offset);
                    } else {
                        store(opcode, r[to] + offset, r[from]);
                    }
                }
                case 4 -> {
                    if (opcode == 0xdc) {
                        r[to] = swapped(r[to], immediate);
                    } else {
                        r[to] = alu(opcode, r[to] & 0xffffffffL, (opcode & 8) != 0 ? r[from] : immediate) & 0xffffffffL;
                    }
                }
                case 7 -> r[to] = alu(opcode, r[to], (opcode & 8) != 0 ? r[from] : immediate);
                case 5 -> {
                    if (opcode == 0x95) {
                        return;
                    }
                    if (opcode == 0x85 && from == 1) {
                        long[] inner = new long[11];
                        System.arraycopy(r, 1, inner, 1, 5);
                        call(code, at + 1 + immediate, inner, steps);
                        r[0] = inner[0];
                    } else if (opcode == 0x85 && immediate == 181) {
                        r[0] = loop(code, r, steps);
                    } else if (opcode == 0x85) {
                        r[0] = helper(immediate, r);
                    } else if (jumps(opcode, r[to], (opcode & 8) != 0 ? r[from] : immediate)) {
                        at += offset;
                    }
                }
                default -> throw new IllegalStateException("opcode " + opcode);
            }
            at++;
        }
    }

    /** bpf_loop: calls the function at r2 r1 times, with the number of the turn and r3, until it answers 1. */
    private long loop(long[] code, long[] r, int[] steps) {
        for (int i = 0; i < r[1]; i++) {
            long[] inner = new long[11];
            inner[1] = i;
            inner[2] = r[3];
            call(code, (int) r[2], inner, steps);
            if (inner[0] != 0) {
                return i + 1;
            }
        }
        return r[1];
    }

    private static int size(int opcode) {
        return switch (opcode & 0x18) {
            case 0x10 -> 1;
            case 0x08 -> 2;
            case 0x00 -> 4;
            default -> 8;
        };
    }

    private long load(int opcode, long address) {
        int size = size(opcode);
        ByteBuffer buffer = at(address, size);
        return switch (size) {
            case 1 -> buffer.get((int) address) & 0xff;
            case 2 -> buffer.getShort((int) address) & 0xffff;
            case 4 -> buffer.getInt((int) address) & 0xffffffffL;
            default -> buffer.getLong((int) address);
        };
    }

    private void store(int opcode, long address, long value) {
        int size = size(opcode);
        ByteBuffer buffer = at(address, size);
        switch (size) {
            case 1 -> buffer.put((int) address, (byte) value);
            case 2 -> buffer.putShort((int) address, (short) value);
            case 4 -> buffer.putInt((int) address, (int) value);
            default -> buffer.putLong((int) address, value);
        }
    }

    private void atomic(int operation, long[] r, int to, int from, int offset) {
        long address = r[to] + offset;
        long old = load(0x18, address);
        switch (operation & 0xf0) {
            case 0x00 -> store(0x18, address, old + r[from]);
            case 0x40 -> store(0x18, address, old | r[from]);
            case 0x50 -> store(0x18, address, old & r[from]);
            default -> {
                if (old == r[0]) {
                    store(0x18, address, r[from]);
                }
                r[0] = old;
                return;
            }
        }
        if ((operation & 1) != 0) {
            r[from] = old;
        }
    }

    private static long swapped(long value, int bits) {
        return switch (bits) {
            case 16 -> Short.reverseBytes((short) value) & 0xffff;
            case 32 -> Integer.reverseBytes((int) value) & 0xffffffffL;
            default -> Long.reverseBytes(value);
        };
    }

    private static long alu(int opcode, long left, long right) {
        return switch (opcode & 0xf0) {
            case 0x00 -> left + right;
            case 0x10 -> left - right;
            case 0x20 -> left * right;
            case 0x30 -> right == 0 ? 0 : Long.divideUnsigned(left, right);
            case 0x40 -> left | right;
            case 0x50 -> left & right;
            case 0x60 -> left << right;
            case 0x70 -> left >>> right;
            case 0x80 -> -left;
            case 0x90 -> right == 0 ? left : Long.remainderUnsigned(left, right);
            case 0xa0 -> left ^ right;
            case 0xb0 -> right;
            case 0xc0 -> left >> right;
            default -> throw new IllegalStateException("opcode " + opcode);
        };
    }

    private static boolean jumps(int opcode, long left, long right) {
        return switch (opcode & 0xf0) {
            case 0x00 -> true;
            case 0x10 -> left == right;
            case 0x20 -> Long.compareUnsigned(left, right) > 0;
            case 0x30 -> Long.compareUnsigned(left, right) >= 0;
            case 0x40 -> (left & right) != 0;
            case 0x50 -> left != right;
            case 0x60 -> left > right;
            case 0x70 -> left >= right;
            case 0xa0 -> Long.compareUnsigned(left, right) < 0;
            case 0xb0 -> Long.compareUnsigned(left, right) <= 0;
            case 0xc0 -> left < right;
            case 0xd0 -> left <= right;
            default -> throw new IllegalStateException("opcode " + opcode);
        };
    }

    private byte[] bytes(long address, int size) {
        byte[] bytes = new byte[size];
        at(address, size).get((int) address, bytes);
        return bytes;
    }

    private long helper(int number, long[] r) {
        return switch (number) {
            case 1 -> lookUp((int) r[1], r[2]);
            case 2 -> update((int) r[1], r[2], r[3], r[4]);
            case 3 -> {
                int map = (int) r[1];
                yield hashes.get(map).remove(key(map, r[2])) == null ? -2 : 0;
            }
            case 5 -> clock.getAsLong();
            case 7 -> 4;
            case 8 -> 0;
            case 14 -> 42L << 32 | 43;
            case 15 -> 0;
            case 35, 158 -> 0x1000;
            case 67 -> -1;
            case 112, 113 -> {
                if (!isThere(r[3], r[2])) {
                    yield -14;
                }
                at(r[1], (int) r[2]).put((int) r[1], bytes(r[3], (int) r[2]));
                yield 0;
            }
            case 114, 115 -> readString(r[1], (int) r[2], r[3]);
            case 130 -> {
                records.add(bytes(r[2], (int) r[3]));
                yield 0;
            }
            // The cookie that it was attached with.
            case 174 -> 0;
            case 156 -> arrays.getOrDefault((int) r[1], 0L);
            default -> throw new IllegalStateException("helper " + number);
        };
    }

    private long readString(long to, int size, long from) {
        if (!isThere(from, 1)) {
            return -14;
        }
        ByteBuffer source = memory.get((int) (from >>> 32));
        ByteBuffer target = at(to, size);
        for (int i = 0; i < size; i++) {
            byte value = i == size - 1 ? 0 : source.get((int) from + i);
            target.put((int) to + i, value);
            if (value == 0) {
                return i + 1;
            }
        }
        return size;
    }

    private String key(int map, long address) {
        return Arrays.toString(bytes(address, shapes.get(map)[0]));
    }

    private long lookUp(int map, long key) {
        if (map == Maps.RINGS) {
            return 1;
        }
        int[] shape = shapes.get(map);
        if (shape == null) {
            throw new IllegalStateException("no map " + map);
        }
        if (arrays.containsKey(map)) {
            int index = at(key, 4).getInt((int) key);
            return index >= 0 && index < shape[2] ? arrays.get(map) + (long) index * shape[1] : 0;
        }
        return hashes.get(map).getOrDefault(key(map, key), 0L);
    }

    private long update(int map, long key, long value, long flags) {
        Runnable other = interrupt;
        interrupt = () -> {};
        other.run();
        Map<String, Long> hash = hashes.get(map);
        String name = key(map, key);
        if (flags == 1 && hash.containsKey(name)) {
            return -17;
        }
        if (!hash.containsKey(name) && hash.size() >= shapes.get(map)[2]) {
            return -7;
        }
        int size = shapes.get(map)[1];
        long place = hash.computeIfAbsent(name, _ -> piece(size));
        at(place, size).put((int) place, bytes(value, size));
        return 0;
    }
}
