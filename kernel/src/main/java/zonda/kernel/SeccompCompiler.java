package zonda.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Filters of system calls, compiled by libseccomp to the program that seccomp(2) takes: seccomp_init(3),
 * seccomp_rule_add(3), seccomp_export_bpf(3). An OCI runtime compiles the same at every start, for 20 ms; this does once.
 */
public final class SeccompCompiler {
    private static final int SCMP_ACT_ALLOW = 0x7fff_0000;
    private static final int SCMP_ACT_ERRNO = 0x0005_0000;
    private static final int EEXIST_ARCH = -Errno.EEXIST;
    private static final long ARGUMENT_SIZE = 24;

    private final MethodHandle init;
    private final MethodHandle release;
    private final MethodHandle archAdd;
    private final MethodHandle archResolve;
    private final MethodHandle syscallResolve;
    private final MethodHandle ruleAdd;
    private final MethodHandle export;

    private SeccompCompiler(SymbolLookup library) {
        init = link(library, "seccomp_init", FunctionDescriptor.of(ADDRESS, JAVA_INT));
        release = link(library, "seccomp_release", FunctionDescriptor.ofVoid(ADDRESS));
        archAdd = link(library, "seccomp_arch_add", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        archResolve = link(library, "seccomp_arch_resolve_name", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        syscallResolve = link(library, "seccomp_syscall_resolve_name", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        ruleAdd = link(
                library,
                "seccomp_rule_add_array",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
        export = link(library, "seccomp_export_bpf", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    }

    private static MethodHandle link(SymbolLookup library, String name, FunctionDescriptor descriptor) {
        return java.lang.foreign.Linker.nativeLinker()
                .downcallHandle(library.find(name).orElseThrow(), descriptor);
    }

    /** Empty where libseccomp isn't installed. */
    public static Optional<SeccompCompiler> find() {
        try {
            return Optional.of(new SeccompCompiler(SymbolLookup.libraryLookup("libseccomp.so.2", Arena.global())));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /**
     * A comparison of one argument of a call.
     *
     * @param operator 1 to 7: not equal, less, less or equal, equal, greater or equal, greater, equal under mask
     */
    public record Argument(int index, int operator, long value, long valueTwo) {}

    /** What becomes of a call: allowed, or refused with an errno. */
    public record Rule(String syscall, Optional<Integer> errno, List<Argument> arguments) {
        public Rule {
            arguments = List.copyOf(arguments);
        }
    }

    /**
     * Compiles rules. Calls that this library doesn't know are left out, and so refused by default.
     *
     * @param otherErrno what calls without a rule get
     * @param architectures by libseccomp's names, such as x86_64
     */
    public byte[] compile(int otherErrno, List<String> architectures, List<Rule> rules) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment filter = (MemorySegment) init.invokeExact(SCMP_ACT_ERRNO | otherErrno);
            if (filter.equals(MemorySegment.NULL)) {
                throw new IllegalStateException("seccomp_init refuses");
            }
            try {
                for (String architecture : architectures) {
                    int token = (int) archResolve.invokeExact(arena.allocateFrom(architecture));
                    int added = (int) archAdd.invokeExact(filter, token);
                    require(added == 0 || added == EEXIST_ARCH, "add architecture " + architecture, added);
                }
                for (Rule rule : rules) {
                    add(arena, filter, otherErrno, rule);
                }
                return program(filter);
            } finally {
                release.invokeExact(filter);
            }
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
    }

    private void add(Arena arena, MemorySegment filter, int otherErrno, Rule rule) throws Throwable {
        int number = (int) syscallResolve.invokeExact(arena.allocateFrom(rule.syscall()));
        boolean isDefault = rule.errno().equals(Optional.of(otherErrno));
        if (number == -1 || isDefault) {
            return;
        }
        int action = rule.errno().map(errno -> SCMP_ACT_ERRNO | errno).orElse(SCMP_ACT_ALLOW);
        int count = rule.arguments().size();
        MemorySegment arguments = arena.allocate(Math.max(1, count) * ARGUMENT_SIZE, 8);
        for (int i = 0; i < count; i++) {
            Argument argument = rule.arguments().get(i);
            arguments.set(JAVA_INT, i * ARGUMENT_SIZE, argument.index());
            arguments.set(JAVA_INT, i * ARGUMENT_SIZE + 4, argument.operator());
            arguments.set(JAVA_LONG, i * ARGUMENT_SIZE + 8, argument.value());
            arguments.set(JAVA_LONG, i * ARGUMENT_SIZE + 16, argument.valueTwo());
        }
        int added = (int) ruleAdd.invokeExact(filter, action, number, count, arguments);
        // A call of another architecture only can't be added exactly; a second, equal rule is EEXIST.
        require(added == 0 || added == -Errno.EEXIST || added == -33, "add rule for " + rule.syscall(), added);
    }

    private byte[] program(MemorySegment filter) throws Throwable {
        Path file = Files.createTempFile("zonda-seccomp", ".bpf");
        try (Fd fd = Fd.open(file, Fd.O_WRONLY, 0)) {
            int exported = (int) export.invokeExact(filter, fd.number());
            require(exported == 0, "export", exported);
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static void require(boolean holds, String what, int result) {
        if (!holds) {
            throw new IllegalStateException("libseccomp: " + what + ": " + Errno.name(-result));
        }
    }
}
