package zonda.dtrace.code;

import java.util.List;
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
            Map.entry("zonename", new DType.Str(64)),
            // What pr_psargs is of the running process.
            Map.entry("__psargs", DType.STRING));

    /**
     * A function.
     *
     * @param least how many arguments it takes at least
     * @param kinds of which kinds its arguments are: s string, i number, p pointer
     * @param prototype how the guide writes their types
     */
    record Function(DType type, int least, String kinds, List<String> prototype) {}

    private static final DType POINTER = new DType.Pointer(DType.VOID);
    private static final DType UINT16 = new DType.Int("uint16_t", 2, false);
    private static final DType UINT32 = new DType.Int("uint32_t", 4, false);
    private static final String TEXT = "const char *";
    static final Map<String, Function> FUNCTIONS = Map.ofEntries(
            entry("alloca", POINTER, 1, "i", "size_t"),
            entry("basename", DType.STRING, 1, "s", TEXT),
            entry("bcopy", DType.VOID, 3, "ppi", "void *", "void *", "size_t"),
            entry("cleanpath", DType.STRING, 1, "s", TEXT),
            entry("copyin", POINTER, 2, "ii", "uintptr_t", "size_t"),
            entry("copyinstr", DType.STRING, 1, "ii", "uintptr_t", "size_t"),
            entry("copyinto", DType.VOID, 3, "iip", "uintptr_t", "size_t", "void *"),
            entry("dirname", DType.STRING, 1, "s", TEXT),
            entry("getmajor", new DType.Int("major_t", 4, false), 1, "i", "dev_t"),
            entry("getminor", new DType.Int("minor_t", 4, false), 1, "i", "dev_t"),
            entry("htonl", UINT32, 1, "i", "uint32_t"),
            entry("htonll", DType.UINT64, 1, "i", "uint64_t"),
            entry("htons", UINT16, 1, "i", "uint16_t"),
            entry("ntohl", UINT32, 1, "i", "uint32_t"),
            entry("ntohll", DType.UINT64, 1, "i", "uint64_t"),
            entry("ntohs", UINT16, 1, "i", "uint16_t"),
            entry("index", DType.INT, 2, "ssi", TEXT, TEXT, "int"),
            entry("rindex", DType.INT, 2, "ssi", TEXT, TEXT, "int"),
            entry("inet_ntoa", DType.STRING, 1, "p", "ipaddr_t *"),
            entry("inet_ntoa6", DType.STRING, 1, "p", "in6_addr_t *"),
            entry("inet_ntop", DType.STRING, 2, "ip", "int", "void *"),
            entry("json", DType.STRING, 2, "ss", TEXT, TEXT),
            entry("lltostr", DType.STRING, 1, "ii", "int64_t", "int"),
            entry("mutex_owned", DType.INT, 1, "p", "kmutex_t *"),
            entry("mutex_owner", POINTER, 1, "p", "kmutex_t *"),
            entry("mutex_type_adaptive", DType.INT, 1, "p", "kmutex_t *"),
            entry("mutex_type_spin", DType.INT, 1, "p", "kmutex_t *"),
            entry("progenyof", DType.INT, 1, "i", "pid_t"),
            entry("rand", DType.INT, 0, ""),
            entry("rw_iswriter", DType.INT, 1, "p", "krwlock_t *"),
            entry("rw_read_held", DType.INT, 1, "p", "krwlock_t *"),
            entry("rw_write_held", DType.INT, 1, "p", "krwlock_t *"),
            entry("speculation", DType.INT, 0, ""),
            entry("strchr", DType.STRING, 2, "si", TEXT, "char"),
            entry("strrchr", DType.STRING, 2, "si", TEXT, "char"),
            entry("strjoin", DType.STRING, 2, "ss", TEXT, TEXT),
            entry("strlen", DType.SIZE, 1, "s", TEXT),
            entry("strstr", DType.STRING, 2, "ss", TEXT, TEXT),
            entry("strtok", DType.STRING, 2, "ss", TEXT, TEXT),
            entry("strtoll", DType.INT64, 1, "si", TEXT, "int"),
            entry("substr", DType.STRING, 2, "sii", TEXT, "int", "int"),
            entry("tolower", DType.STRING, 1, "s", TEXT),
            entry("toupper", DType.STRING, 1, "s", TEXT));

    /** A function of illumos that this compiler does not have. @param count arguments it would take */
    record Missing(int count, String why) {}

    static final Map<String, Missing> MISSING = Map.ofEntries(
            Map.entry("ddi_pathname", new Missing(2, "Linux has no device tree of this kind")),
            Map.entry("msgsize", new Missing(1, "Linux has no STREAMS")),
            Map.entry("msgdsize", new Missing(1, "Linux has no STREAMS")),
            Map.entry("breakpoint", new Missing(0, "a kernel debugger can not be entered from eBPF")),
            Map.entry("panic", new Missing(0, "the kernel does not let eBPF end it")),
            Map.entry("pcap", new Missing(2, "it is not implemented")));

    private Builtins() {}

    private static Map.Entry<String, Function> entry(
            String name, DType type, int least, String kinds, String... prototype) {
        return Map.entry(name, new Function(type, least, kinds, List.of(prototype)));
    }

    static Optional<Function> function(String name) {
        return Optional.ofNullable(FUNCTIONS.get(name));
    }
}
