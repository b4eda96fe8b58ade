package zonda.kernel;

import java.util.ArrayList;
import java.util.List;

/** Turns eBPF instructions into text, in the form of the kernel's own verifier log. */
public final class BpfDisassembler {
    private static final String[] ALU = {
        "+=", "-=", "*=", "/=", "|=", "&=", "<<=", ">>=", "neg", "%=", "^=", "=", "s>>=", "end"
    };
    private static final String[] JUMP = {
        "goto", "==", ">", ">=", "&", "!=", "s>", "s>=", "call", "exit", "<", "<=", "s<", "s<="
    };

    private BpfDisassembler() {}

    /** One line for each instruction, numbered. */
    public static List<String> lines(long[] code) {
        var lines = new ArrayList<String>();
        for (int at = 0; at < code.length; at++) {
            int opcode = (int) (code[at] & 0xff);
            if (opcode == 0x18 && at + 1 < code.length) {
                lines.add(String.format("%4d: (%02x) %s", at, opcode, wide(code[at], code[at + 1], at)));
                at++;
            } else {
                lines.add(String.format("%4d: (%02x) %s", at, opcode, text(code[at], at)));
            }
        }
        return lines;
    }

    private static String wide(long first, long second, int at) {
        int to = (int) (first >>> 8 & 0xf);
        int kind = (int) (first >>> 12 & 0xf);
        int low = (int) (first >>> 32);
        int high = (int) (second >>> 32);
        return switch (kind) {
            case 1 -> "r" + to + " = map[" + low + "]";
            case 2 -> "r" + to + " = map_value[" + low + "]+" + high;
            case BpfAssembler.PSEUDO_FUNCTION -> "r" + to + " = function " + (at + 1 + low);
            default -> String.format("r%d = 0x%x", to, (long) high << 32 | low & 0xffffffffL);
        };
    }

    private static String text(long insn, int at) {
        int opcode = (int) (insn & 0xff);
        String to = "r" + (insn >>> 8 & 0xf);
        String from = "r" + (insn >>> 12 & 0xf);
        int offset = (short) (insn >>> 16);
        int immediate = (int) (insn >>> 32);
        return switch (opcode & 7) {
            case 1 -> to + " = " + memory(opcode, from, offset);
            case 2 -> memory(opcode, to, offset) + " = " + immediate;
            case 3 ->
                (opcode & 0xe0) == 0xc0
                        ? "lock " + memory(opcode, to, offset) + " " + atomic(immediate) + " " + from
                        : memory(opcode, to, offset) + " = " + from;
            case 4, 7 -> alu(opcode, to, from, immediate);
            case 5 -> jump(opcode, to, from, offset, immediate, at);
            default -> String.format("0x%016x", insn);
        };
    }

    private static String memory(int opcode, String base, int offset) {
        String type = switch (opcode & 0x18) {
            case 0x10 -> "u8";
            case 0x08 -> "u16";
            case 0x00 -> "u32";
            default -> "u64";
        };
        return "*(" + type + " *)(" + base + (offset < 0 ? " " : " +") + offset + ")";
    }

    private static String atomic(int immediate) {
        return switch (immediate & 0xf0) {
            case 0x00 -> "+=";
            case 0x40 -> "|=";
            case 0x50 -> "&=";
            case 0xa0 -> "^=";
            case 0xe0 -> "xchg";
            default -> "cmpxchg";
        };
    }

    private static String alu(int opcode, String to, String from, int immediate) {
        int operation = opcode >> 4;
        if (operation == 13) {
            return to + " = be" + immediate + " " + to;
        }
        if (operation == 8) {
            return to + " = -" + to;
        }
        String left = (opcode & 7) == 4 ? to.replace('r', 'w') : to;
        String right =
                (opcode & 8) != 0 ? ((opcode & 7) == 4 ? from.replace('r', 'w') : from) : String.valueOf(immediate);
        return operation < ALU.length ? left + " " + ALU[operation] + " " + right : "?";
    }

    private static String jump(int opcode, String to, String from, int offset, int immediate, int at) {
        int operation = opcode >> 4;
        return switch (operation) {
            case 0 -> "goto " + (at + 1 + offset);
            case 8 -> from.equals("r1") ? "call " + (at + 1 + immediate) : "call helper#" + immediate;
            case 9 -> "exit";
            default -> {
                String right = (opcode & 8) != 0 ? from : String.valueOf(immediate);
                yield operation < JUMP.length
                        ? "if " + to + " " + JUMP[operation] + " " + right + " goto " + (at + 1 + offset)
                        : "?";
            }
        };
    }
}
