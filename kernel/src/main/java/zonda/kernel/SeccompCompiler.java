package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
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

    private final CFunction init;
    private final CFunction release;
    private final CFunction archAdd;
    private final CFunction archResolve;
    private final CFunction syscallResolve;
    private final CFunction ruleAdd;
    private final CFunction export;

    private SeccompCompiler(SymbolLookup library) {
        init = CFunction.of(library, "seccomp_init");
        release = CFunction.of(library, "seccomp_release");
        archAdd = CFunction.of(library, "seccomp_arch_add");
        archResolve = CFunction.of(library, "seccomp_arch_resolve_name");
        syscallResolve = CFunction.of(library, "seccomp_syscall_resolve_name");
        ruleAdd = CFunction.of(library, "seccomp_rule_add_array");
        export = CFunction.of(library, "seccomp_export_bpf");
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
            long filter = init.answer(SCMP_ACT_ERRNO | otherErrno);
            if (filter == 0) {
                throw new IllegalStateException("seccomp_init refuses");
            }
            try {
                for (String architecture : architectures) {
                    int token = (int)
                            archResolve.answer(arena.allocateFrom(architecture).address());
                    int added = (int) archAdd.answer(filter, token);
                    require(added == 0 || added == EEXIST_ARCH, "add architecture " + architecture, added);
                }
                for (Rule rule : rules) {
                    add(arena, filter, otherErrno, rule);
                }
                return program(filter);
            } finally {
                release.answer(filter);
            }
        }
    }

    private void add(Arena arena, long filter, int otherErrno, Rule rule) {
        int number =
                (int) syscallResolve.answer(arena.allocateFrom(rule.syscall()).address());
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
        int added = (int) ruleAdd.answer(filter, action, number, count, arguments.address());
        // A call of another architecture only can't be added exactly; a second, equal rule is EEXIST.
        require(added == 0 || added == -Errno.EEXIST || added == -33, "add rule for " + rule.syscall(), added);
    }

    private byte[] program(long filter) {
        try (Fd fd = Fd.inMemory("seccomp")) {
            int exported = (int) export.answer(filter, fd.number());
            require(exported == 0, "export", exported);
            return Files.readAllBytes(fd.procPath());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void require(boolean holds, String what, int result) {
        if (!holds) {
            throw new IllegalStateException("libseccomp: " + what + ": " + Errno.name(-result));
        }
    }
}
