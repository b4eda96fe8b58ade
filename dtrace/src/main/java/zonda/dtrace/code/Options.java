package zonda.dtrace.code;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import zonda.dtrace.syntax.DError;

/** The options of -x and #pragma D option: names, values and defaults. */
public final class Options {
    /** Options whose value is a size in bytes, with k, m, g or t. */
    private static final Set<String> SIZES = Set.of(
            "aggsize",
            "bufsize",
            "dynvarsize",
            "specsize",
            "strsize",
            "jstackstrsize",
            "scratchsize",
            "bpflogsize",
            "pcapsize",
            "printsize");
    /** Options whose value is a time between two of something, or a rate with hz. */
    private static final Set<String> RATES = Set.of("aggrate", "cleanrate", "statusrate", "switchrate");

    private static final Set<String> NUMBERS = Set.of(
            "nspec",
            "stackframes",
            "ustackframes",
            "jstackframes",
            "stackindent",
            "aggsortkeypos",
            "aggsortpos",
            "cpu",
            "maxframes",
            "pgmax",
            "lockmem");
    private static final Set<String> FLAGS = Set.of(
            "quiet",
            "flowindent",
            "destructive",
            "rawbytes",
            "aggsortkey",
            "aggsortrev",
            "agghist",
            "aggpack",
            "aggzoom",
            "aggpercpu",
            "temporal",
            "defaultargs",
            "errtags",
            "zdefs",
            "unodefs",
            "verbose",
            "empty",
            "cpp",
            "cpphdrs",
            "nolibs",
            "argref",
            "droptags",
            "grabanon",
            "knodefs",
            "kdefs",
            "udefs",
            "late",
            "lazyload",
            "iregs",
            "tree",
            "debug",
            "noresolve",
            "linknommap",
            "quietresize",
            "bpflog",
            "disasm");
    private static final Set<String> WORDS = Set.of(
            "bufpolicy",
            "bufresize",
            "encoding",
            "evaltime",
            "zone",
            "amin",
            "core",
            "cpppath",
            "cppargs",
            "ctypes",
            "define",
            "dtypes",
            "incdir",
            "ldpath",
            "libdir",
            "linkmode",
            "linktype",
            "modpath",
            "procfspath",
            "pspec",
            "setenv",
            "stdc",
            "strip",
            "syslibdir",
            "undef",
            "unsetenv",
            "useruid",
            "version",
            "tregs");

    private final Map<String, String> values = new HashMap<>();

    public Options() {
        values.put("bufsize", "4194304");
        values.put("aggsize", "4194304");
        values.put("dynvarsize", "1048576");
        values.put("strsize", "256");
        values.put("stackframes", "20");
        values.put("ustackframes", "20");
        values.put("jstackframes", "50");
        values.put("jstackstrsize", "512");
        values.put("nspec", "1");
        values.put("specsize", "32768");
        values.put("switchrate", "1000000000");
        values.put("statusrate", "1000000000");
        values.put("aggrate", "1000000000");
        values.put("cleanrate", "9900990");
        values.put("stackindent", "14");
    }

    /** Sets an option by what follows -x: {@code name} or {@code name=value}. @throws DError naming it */
    public void set(String assignment) {
        int equals = assignment.indexOf('=');
        String name = equals < 0 ? assignment : assignment.substring(0, equals);
        Optional<String> value = equals < 0 ? Optional.empty() : Optional.of(assignment.substring(equals + 1));
        set(name, value);
    }

    public void set(String name, Optional<String> value) {
        try {
            store(name, value);
        } catch (IllegalArgumentException e) {
            throw new DError(
                    "D_PRAGMA_OPTSET",
                    0,
                    "failed to set option '" + name + "'"
                            + value.map(text -> " to '" + text + "'").orElse("") + ": " + e.getMessage());
        }
    }

    private void store(String name, Optional<String> value) {
        if (SIZES.contains(name)) {
            values.put(name, Long.toString(size(name, value)));
        } else if (RATES.contains(name)) {
            values.put(name, Long.toString(rate(name, value)));
        } else if (NUMBERS.contains(name)) {
            values.put(name, Long.toString(number(name, value)));
        } else if (FLAGS.contains(name)) {
            values.put(name, flag(name, value));
        } else if (WORDS.contains(name)) {
            values.put(name, value.orElse(""));
        } else {
            throw new IllegalArgumentException("Invalid option name");
        }
    }

    private static IllegalArgumentException badValue() {
        return new IllegalArgumentException("Invalid value for specified option");
    }

    private static String flag(String name, Optional<String> value) {
        return switch (value.orElse("")) {
            case "", "1", "yes", "enable", "enabled", "on", "set" -> "1";
            case "0", "no", "disable", "disabled", "off", "unset" -> "0";
            default -> throw badValue();
        };
    }

    private static long number(String name, Optional<String> value) {
        try {
            long number = Long.decode(value.orElse(""));
            if (number < 0 || number > Integer.MAX_VALUE) {
                throw badValue();
            }
            return number;
        } catch (NumberFormatException e) {
            // Its own words say less.
            throw badValue();
        }
    }

    private static long size(String name, Optional<String> value) {
        String text = value.orElse("").toLowerCase(Locale.ROOT);
        int shift = text.isEmpty() ? -1 : "kmgt".indexOf(text.charAt(text.length() - 1));
        String digits = shift >= 0 ? text.substring(0, text.length() - 1) : text;
        if (!digits.matches("[0-9]{1,12}")) {
            throw badValue();
        }
        return Long.parseLong(digits) << 10 * (shift + 1);
    }

    /** Nanoseconds between two. */
    private static long rate(String name, Optional<String> value) {
        String text = value.orElse("").toLowerCase(Locale.ROOT);
        String digits = text.replaceAll("[a-z]+$", "");
        String unit = text.substring(digits.length());
        if (!digits.matches("[0-9]{1,12}")) {
            throw badValue();
        }
        long number = Long.parseLong(digits);
        if (unit.isEmpty() || unit.equals("hz")) {
            if (number == 0) {
                throw badValue();
            }
            return 1_000_000_000L / number;
        }
        return number * unit(unit).orElseThrow(() -> badValue());
    }

    /** Nanoseconds of a unit of time. */
    public static Optional<Long> unit(String unit) {
        return Optional.ofNullable(
                switch (unit) {
                    case "ns", "nsec" -> 1L;
                    case "us", "usec" -> 1_000L;
                    case "ms", "msec" -> 1_000_000L;
                    case "s", "sec" -> 1_000_000_000L;
                    case "m", "min" -> 60_000_000_000L;
                    case "h", "hour" -> 3_600_000_000_000L;
                    case "d", "day" -> 86_400_000_000_000L;
                    default -> null;
                });
    }

    public boolean is(String flag) {
        return values.getOrDefault(flag, "0").equals("1");
    }

    public long number(String name) {
        return Long.parseLong(values.getOrDefault(name, "0"));
    }

    public Optional<String> word(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** Bytes of a string in memory: strsize, a multiple of eight. */
    public int stringSize() {
        return (int) Math.clamp((number("strsize") + 7) / 8 * 8, 8, 2048);
    }
}
