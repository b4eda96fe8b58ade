package zonda.kernel;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Signals by name: signal(7), the numbers of x86 and arm. */
public final class Signals {
    public static final int SIGKILL = 9;
    public static final int SIGTERM = 15;

    private static final Map<String, Integer> NUMBERS = new LinkedHashMap<>();

    static {
        String names =
                "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP"
                        + " TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO PWR SYS";
        int number = 1;
        for (String name : names.split(" ")) {
            NUMBERS.put("SIG" + name, number++);
        }
        // The C library keeps 32 and 33 for itself.
        int realTime = 34;
        for (int i = 0; i <= 15; i++) {
            NUMBERS.put(i == 0 ? "SIGRTMIN" : "SIGRTMIN+" + i, realTime + i);
        }
    }

    private Signals() {}

    /** @param word a number, or a name with or without SIG, in any case */
    public static Optional<Integer> parse(String word) {
        if (word.matches("[0-9]{1,2}")) {
            int number = Integer.parseInt(word);
            return number >= 1 && number <= 64 ? Optional.of(number) : Optional.empty();
        }
        String name = word.toUpperCase(Locale.ROOT);
        return Optional.ofNullable(NUMBERS.get(name.startsWith("SIG") ? name : "SIG" + name));
    }

    /** The name of a signal's number, or the number as text. */
    public static String name(int number) {
        return NUMBERS.entrySet().stream()
                .filter(entry -> entry.getValue() == number)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(String.valueOf(number));
    }
}
