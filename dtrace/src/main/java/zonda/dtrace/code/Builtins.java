package zonda.dtrace.code;

import java.util.Map;
import java.util.Optional;
import zonda.dtrace.types.DType;

/** Variables and functions of the language: their types. */
final class Builtins {
    static final Map<String, DType> VARIABLES = Map.ofEntries(
            Map.entry("caller", DType.UINT64),
            Map.entry("ucaller", DType.UINT64),
            Map.entry("epid", DType.UINT),
            Map.entry("errno", DType.INT),
            Map.entry("execname", new DType.Str(16)),
            Map.entry("threadname", new DType.Str(16)),
            Map.entry("gid", new DType.Int("gid_t", 4, false)),
            Map.entry("uid", new DType.Int("uid_t", 4, false)),
            Map.entry("id", DType.UINT),
            Map.entry("ipl", DType.UINT),
            Map.entry("pid", new DType.Int("pid_t", 4, true)),
            Map.entry("ppid", new DType.Int("pid_t", 4, true)),
            Map.entry("tid", new DType.Int("id_t", 4, true)),
            Map.entry("probeprov", new DType.Str(64)),
            Map.entry("probemod", new DType.Str(64)),
            Map.entry("probefunc", new DType.Str(128)),
            Map.entry("probename", new DType.Str(64)),
            Map.entry("stackdepth", DType.UINT),
            Map.entry("ustackdepth", DType.UINT),
            Map.entry("timestamp", DType.UINT64),
            Map.entry("vtimestamp", DType.UINT64),
            Map.entry("walltimestamp", DType.INT64),
            Map.entry("cpu", new DType.Int("processorid_t", 4, true)),
            Map.entry("zonename", new DType.Str(64)));

    /** A function: what it answers, how many arguments it takes, and of which kinds (s string, i number, p pointer). */
    record Function(DType type, int least, String kinds) {}

    private static final DType POINTER = new DType.Pointer(DType.VOID);
    static final Map<String, Function> FUNCTIONS = Map.ofEntries(
            entry("alloca", POINTER, 1, "i"),
            entry("basename", DType.STRING, 1, "s"),
            entry("bcopy", DType.VOID, 3, "ppi"),
            entry("cleanpath", DType.STRING, 1, "s"),
            entry("copyin", POINTER, 2, "ii"),
            entry("copyinstr", DType.STRING, 1, "ii"),
            entry("copyinto", DType.VOID, 3, "iip"),
            entry("dirname", DType.STRING, 1, "s"),
            entry("getmajor", DType.UINT, 1, "i"),
            entry("getminor", DType.UINT, 1, "i"),
            entry("htonl", DType.UINT, 1, "i"),
            entry("htonll", DType.UINT64, 1, "i"),
            entry("htons", new DType.Int("uint16_t", 2, false), 1, "i"),
            entry("ntohl", DType.UINT, 1, "i"),
            entry("ntohll", DType.UINT64, 1, "i"),
            entry("ntohs", new DType.Int("uint16_t", 2, false), 1, "i"),
            entry("index", DType.INT, 2, "ssi"),
            entry("rindex", DType.INT, 2, "ssi"),
            entry("inet_ntoa", DType.STRING, 1, "p"),
            entry("lltostr", DType.STRING, 1, "ii"),
            entry("mutex_owned", DType.INT, 1, "p"),
            entry("mutex_owner", POINTER, 1, "p"),
            entry("mutex_type_adaptive", DType.INT, 1, "p"),
            entry("mutex_type_spin", DType.INT, 1, "p"),
            entry("progenyof", DType.INT, 1, "i"),
            entry("rand", DType.INT, 0, ""),
            entry("speculation", DType.INT, 0, ""),
            entry("strchr", DType.STRING, 2, "si"),
            entry("strrchr", DType.STRING, 2, "si"),
            entry("strjoin", DType.STRING, 2, "ss"),
            entry("strlen", new DType.Int("size_t", 8, false), 1, "s"),
            entry("strstr", DType.STRING, 2, "ss"),
            entry("strtok", DType.STRING, 2, "ss"),
            entry("strtoll", DType.INT64, 1, "si"),
            entry("substr", DType.STRING, 2, "sii"),
            entry("tolower", DType.STRING, 1, "s"),
            entry("toupper", DType.STRING, 1, "s"));

    /** Functions of illumos that this compiler knows of and does not have, with the reason. */
    static final Map<String, String> MISSING = Map.ofEntries(
            Map.entry("json", "it is not implemented"),
            Map.entry("inet_ntop", "it is not implemented"),
            Map.entry("inet_ntoa6", "it is not implemented"),
            Map.entry("ddi_pathname", "Linux has no device tree of this kind"),
            Map.entry("getf", "it is not implemented"),
            Map.entry("msgsize", "Linux has no STREAMS"),
            Map.entry("msgdsize", "Linux has no STREAMS"),
            Map.entry("rw_iswriter", "it is not implemented"),
            Map.entry("rw_read_held", "it is not implemented"),
            Map.entry("rw_write_held", "it is not implemented"),
            Map.entry("breakpoint", "a kernel debugger can not be entered from eBPF"),
            Map.entry("panic", "the kernel does not let eBPF end it"),
            Map.entry("func", "it has the name sym here"),
            Map.entry("pcap", "it is not implemented"),
            Map.entry("copyoutstr", "it is not implemented"),
            Map.entry("jstack", "it is not implemented; ustack() shows the frames"));

    private Builtins() {}

    private static Map.Entry<String, Function> entry(String name, DType type, int least, String kinds) {
        return Map.entry(name, new Function(type, least, kinds));
    }

    static Optional<Function> function(String name) {
        return Optional.ofNullable(FUNCTIONS.get(name));
    }
}
