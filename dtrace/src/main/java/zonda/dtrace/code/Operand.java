package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.dtrace.types.DType;

/**
 * Where an argument of a probe in a program is when the probe fires, as the notes of its file say: {@code -4@%eax},
 * {@code 8@$5}, {@code 8@-24(%rbp,%rcx,8)}. The form is that of SystemTap's sys/sdt.h, the registers those of x86-64.
 *
 * @param base offset of the register in struct pt_regs, or -1
 * @param memory whether the value lies at the address, and is not the address itself
 * @param index offset of a second register, or -1
 */
public record Operand(int size, boolean signed, int base, boolean memory, long displacement, int index, int scale) {
    private static final Pattern OPERAND = Pattern.compile("(-?)([1248])(f?)@(\\S+(?:, *%\\S+)*)");
    private static final Pattern MEMORY =
            Pattern.compile("(-?(?:0x)?[0-9a-fA-F]*)\\(%(\\w+)(?:, *%(\\w+)(?:, *([1248]))?)?\\)");
    private static final Map<String, Integer> REGISTERS = Map.ofEntries(
            Map.entry("r15", 0),
            Map.entry("r14", 8),
            Map.entry("r13", 16),
            Map.entry("r12", 24),
            Map.entry("bp", 32),
            Map.entry("b", 40),
            Map.entry("r11", 48),
            Map.entry("r10", 56),
            Map.entry("r9", 64),
            Map.entry("r8", 72),
            Map.entry("a", 80),
            Map.entry("c", 88),
            Map.entry("d", 96),
            Map.entry("si", 104),
            Map.entry("di", 112),
            Map.entry("ip", 128),
            Map.entry("sp", 152));

    /** All operands of a note; those of a form that is not known are constants of zero. */
    public static List<Operand> parse(String text) {
        var operands = new ArrayList<Operand>();
        for (String word : text.strip().split(" (?=-?[1248]f?@)")) {
            if (!word.isBlank()) {
                operands.add(one(word.strip()).orElse(new Operand(8, false, -1, false, 0, -1, 1)));
            }
        }
        return operands;
    }

    /** What a note tells of its arguments' types: sizes and signs. Of eight bytes without a sign are pointers, too. */
    public static List<DType> types(String text) {
        return parse(text).stream().<DType>map(Operand::type).toList();
    }

    private DType type() {
        return switch (size) {
            case 1 -> signed ? DType.CHAR : new DType.Int("uint8_t", 1, false);
            case 2 -> signed ? new DType.Int("short", 2, true) : new DType.Int("uint16_t", 2, false);
            case 4 -> signed ? DType.INT : new DType.Int("uint32_t", 4, false);
            default -> signed ? DType.LONG : new DType.Int("uintptr_t", 8, false);
        };
    }

    private static Optional<Operand> one(String word) {
        Matcher matcher = OPERAND.matcher(word);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        boolean signed = !matcher.group(1).isEmpty();
        int size = Integer.parseInt(matcher.group(2));
        String place = matcher.group(4);
        if (place.startsWith("$")) {
            return Optional.of(new Operand(size, signed, -1, false, number(place.substring(1)), -1, 1));
        }
        if (place.startsWith("%")) {
            return register(place.substring(1)).map(base -> new Operand(size, signed, base, false, 0, -1, 1));
        }
        Matcher memory = MEMORY.matcher(place);
        if (!memory.matches()) {
            return Optional.empty();
        }
        Optional<Integer> index = memory.group(3) == null ? Optional.of(-1) : register(memory.group(3));
        int scale = memory.group(4) == null ? 1 : Integer.parseInt(memory.group(4));
        return register(memory.group(2))
                .flatMap(base -> index.map(
                        second -> new Operand(size, signed, base, true, number(memory.group(1)), second, scale)));
    }

    private static long number(String text) {
        return text.isEmpty() || text.equals("-") ? 0 : Long.decode(text);
    }

    /** A register of any width by its name. */
    private static Optional<Integer> register(String name) {
        String plain = name.matches("r[0-9]+[dwb]?")
                ? name.replaceAll("[dwb]$", "")
                : name.replaceAll("^[re](?=[a-z])", "")
                        .replaceAll("(?<=^[abcd])[xlh]$", "")
                        .replaceAll("(?<=..)l$", "");
        return Optional.ofNullable(REGISTERS.get(plain));
    }
}
