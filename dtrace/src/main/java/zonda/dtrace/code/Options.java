package zonda.dtrace.code;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
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
    /** Numbers that can't be 0, with the greatest they may be. */
    private static final Map<String, Integer> COUNTS =
            Map.of("iregs", 8, "tregs", Integer.MAX_VALUE, "tree", Integer.MAX_VALUE);
    /** Options that are on or off. */
    private static final Set<String> SWITCHES = Set.of(
            "quiet",
            "flowindent",
            "destructive",
            "rawbytes",
            "aggsortkey",
            "aggsortrev",
            "agghist",
            "aggpack",
            "aggzoom",
            "temporal",
            "droptags",
            "grabanon",
            "noresolve",
            "quietresize",
            "bpflog",
            "disasm");
    /** Options that take no value. */
    private static final Set<String> FLAGS = Set.of(
            "aggpercpu",
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
            "core",
            "debug",
            "knodefs",
            "pspec",
            "strip",
            "linknommap");
    /** Options that take another back. */
    private static final Map<String, String> OPPOSITES = Map.of("kdefs", "knodefs", "udefs", "unodefs");
    /** Options that may have one of some words. */
    private static final Map<String, Set<String>> CHOICES = Map.of(
            "bufpolicy", Set.of("ring", "fill", "switch"),
            "bufresize", Set.of("auto", "manual"),
            "encoding", Set.of("ascii", "utf8"),
            "evaltime", Set.of("exec", "preinit", "postinit", "main"),
            "late", Set.of("dynamic", "static"),
            "linkmode", Set.of("kernel", "primary", "dynamic", "static"),
            "linktype", Set.of("elf", "dof"),
            "stdc", Set.of("a", "c", "s", "t"));
    /** Options that may be given several times. */
    private static final Set<String> LISTS = Set.of("define", "incdir", "libdir", "undef", "setenv", "unsetenv");

    private static final Set<String> WORDS = Set.of(
            "zone",
            "amin",
            "cpppath",
            "cppargs",
            "ctypes",
            "dtypes",
            "lazyload",
            "ldpath",
            "modpath",
            "procfspath",
            "syslibdir",
            "useruid",
            "version");
    /** Options that are the command line's, not a program's. */
    private static final Set<String> OUTSIDE = Set.of(
            "cpphdrs", "cpppath", "define", "incdir", "undef", "ldpath", "stdc", "modpath", "setenv", "unsetenv");

    /** Options that setopt() does not set: what they say was done when tracing began. */
    private static final Set<String> BEFORE = Set.of(
            "aggsize",
            "bufpolicy",
            "bufresize",
            "bufsize",
            "cleanrate",
            "cpu",
            "destructive",
            "dynvarsize",
            "grabanon",
            "jstackframes",
            "jstackstrsize",
            "lockmem",
            "maxframes",
            "nspec",
            "scratchsize",
            "specsize",
            "stackframes",
            "statusrate",
            "strsize",
            "temporal",
            "ustackframes",
            "zone");

    private static final Set<String> VERSIONS = Set.of(
            "1.0", "1.1", "1.2", "1.2.1", "1.2.2", "1.3", "1.4", "1.4.1", "1.5", "1.6", "1.6.1", "1.6.2", "1.6.3",
            "1.7", "1.7.1", "1.8", "1.8.1", "1.9", "1.9.1", "1.10", "1.11", "1.12", "1.12.1", "1.13", "1.14");

    private final Map<String, List<String>> lists = new HashMap<>();
    private final Map<String, String> values = new HashMap<>();
    private final Map<String, Long> limits = new HashMap<>();

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

    /** Sets an option by what follows #pragma D option. @throws DError naming it */
    public void setInProgram(String assignment) {
        int equals = assignment.indexOf('=');
        String name = equals < 0 ? assignment : assignment.substring(0, equals);
        if (OUTSIDE.contains(name)) {
            throw refused(
                    name,
                    equals < 0 ? Optional.empty() : Optional.of(assignment.substring(equals + 1)),
                    "Option cannot be used from within a D program");
        }
        set(assignment);
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
            throw refused(name, value, String.valueOf(e.getMessage()));
        }
    }

    /** Sets an option as setopt() does, while there is tracing. @throws DError naming it */
    public void setWhileTracing(String name, Optional<String> value) {
        if (BEFORE.contains(name)) {
            throw refused(name, value, "Operation illegal when tracing is active");
        }
        set(name, value);
    }

    private static DError refused(String name, Optional<String> value, String why) {
        return new DError(
                "D_PRAGMA_OPTSET",
                0,
                "failed to set option '" + name + "'"
                        + value.map(text -> " to '" + text + "'").orElse("") + ": " + why);
    }

    private void store(String name, Optional<String> value) {
        if (SIZES.contains(name)) {
            values.put(name, Long.toString(size(name, value)));
        } else if (COUNTS.containsKey(name)) {
            values.put(name, Long.toString(count(name, value)));
        } else if (RATES.contains(name)) {
            values.put(name, Long.toString(rate(name, value)));
        } else if (NUMBERS.contains(name)) {
            values.put(name, Long.toString(number(name, value)));
        } else if (SWITCHES.contains(name)) {
            values.put(name, flag(name, value));
        } else if (FLAGS.contains(name) || OPPOSITES.containsKey(name)) {
            if (value.isPresent()) {
                throw badValue();
            }
            values.put(OPPOSITES.getOrDefault(name, name), OPPOSITES.containsKey(name) ? "0" : "1");
        } else if (LISTS.contains(name)) {
            lists.computeIfAbsent(name, _ -> new ArrayList<>()).add(value.orElseThrow(Options::badValue));
        } else if (CHOICES.containsKey(name) || WORDS.contains(name)) {
            values.put(name, word(name, value));
        } else {
            throw new IllegalArgumentException("Invalid option name");
        }
    }

    private static String word(String name, Optional<String> value) {
        if (name.equals("lazyload")) {
            return value.orElse("");
        }
        String word = value.filter(text -> !text.isEmpty()).orElseThrow(Options::badValue);
        Set<String> choice = CHOICES.get(name);
        if (choice != null && !choice.contains(name.equals("linktype") ? word.toLowerCase(Locale.ROOT) : word)) {
            throw badValue();
        }
        if (name.equals("amin") && Attributes.parse(word).isEmpty()) {
            throw badValue();
        }
        if (name.equals("version") && !word.matches("[0-9]{1,3}\\.[0-9]{1,4}(\\.[0-9]{1,4})?")) {
            throw new IllegalArgumentException("Version is not properly formatted or is too large");
        }
        if (name.equals("version") && !VERSIONS.contains(word)) {
            throw new IllegalArgumentException("Requested version is not supported by compiler");
        }
        return word;
    }

    private static long count(String name, Optional<String> value) {
        long number = number(name, value);
        if (number == 0 || number > COUNTS.getOrDefault(name, 0)) {
            throw badValue();
        }
        return number;
    }

    private static IllegalArgumentException badValue() {
        return new IllegalArgumentException("Invalid value for specified option");
    }

    private static String flag(String name, Optional<String> value) {
        return switch (value.orElse("on").toLowerCase(Locale.ROOT)) {
            case "yes", "enable", "enabled", "true", "on", "set" -> "1";
            case "", "0", "no", "disable", "disabled", "false", "off", "unset" -> "0";
            default -> number(name, value) > 0 ? "1" : "0";
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
        long least = name.equals("strsize") ? 2 : 0;
        if (!digits.matches("[0-9]{1,12}|0x[0-9a-f]{1,10}")) {
            throw badValue();
        }
        long bytes = Long.decode(decimal(digits)) << 10 * (shift + 1);
        if (bytes < least) {
            throw badValue();
        }
        return bytes;
    }

    /** Without zeros in front, which would make it octal. */
    private static String decimal(String digits) {
        return digits.startsWith("0x") ? digits : digits.replaceFirst("^0+(?=.)", "");
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
        long asked = Long.parseLong(values.getOrDefault(name, "0"));
        long most = most(name);
        return Math.min(asked, most);
    }

    /** What a number is at most, if it was limited. */
    public long most(String name) {
        return limits.getOrDefault(name, Long.MAX_VALUE);
    }

    /** Numbers are at most these, whatever is set. */
    public void limit(Map<String, Long> most) {
        limits.putAll(most);
    }

    public Optional<String> word(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** The values of an option that may be given several times, in their order. */
    public List<String> all(String name) {
        return List.copyOf(lists.getOrDefault(name, List.of()));
    }

    /** Bytes of a string with the zero at its end. */
    public int stringLimit() {
        return (int) Math.clamp(number("strsize"), 2, 2048);
    }

    /** Bytes of a string in memory: strsize, a multiple of eight. */
    public int stringSize() {
        return (int) Math.clamp((number("strsize") + 7) / 8 * 8, 8, 2048);
    }
}
