package zonda.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * posix_spawn(3) on the calling thread, in that thread's namespaces.
 *
 * <p>Java's own starter runs a helper program first, which takes as long as many a command itself, and makes a thread
 * that waits for the child and would live on in the caller's namespaces; this does neither. The child gets the
 * descriptors named and no other, an empty signal mask and default signal actions, and the program must be given by its
 * absolute path.
 */
final class Spawn {
    private static final short POSIX_SPAWN_SETSIGDEF = 0x04;
    private static final short POSIX_SPAWN_SETSIGMASK = 0x08;
    /** spawn.h of glibc: more than any of its three opaque types takes. */
    private static final long OPAQUE = 512;

    /** posix_spawn(3). */
    private static final CFunction POSIX_SPAWN = CFunction.of("posix_spawn");
    /** posix_spawn_file_actions_init(3). */
    private static final CFunction ACTIONS_INIT = CFunction.of("posix_spawn_file_actions_init");
    /** posix_spawn_file_actions_destroy(3). */
    private static final CFunction ACTIONS_DESTROY = CFunction.of("posix_spawn_file_actions_destroy");
    /** posix_spawn_file_actions_adddup2(3). */
    private static final CFunction ADD_DUP2 = CFunction.of("posix_spawn_file_actions_adddup2");
    /** posix_spawn_file_actions_addclosefrom_np, glibc 2.34. */
    private static final CFunction ADD_CLOSEFROM = CFunction.of("posix_spawn_file_actions_addclosefrom_np");
    /** posix_spawn_file_actions_addchdir_np, glibc 2.29. */
    private static final CFunction ADD_CHDIR = CFunction.of("posix_spawn_file_actions_addchdir_np");
    /** posix_spawnattr_init(3). */
    private static final CFunction ATTRIBUTES_INIT = CFunction.of("posix_spawnattr_init");
    /** posix_spawnattr_setflags(3). */
    private static final CFunction SET_FLAGS = CFunction.of("posix_spawnattr_setflags");
    /** posix_spawnattr_setsigdefault(3). */
    private static final CFunction SET_SIGDEFAULT = CFunction.of("posix_spawnattr_setsigdefault");
    /** posix_spawnattr_setsigmask(3). */
    private static final CFunction SET_SIGMASK = CFunction.of("posix_spawnattr_setsigmask");
    /** sigfillset(3). */
    private static final CFunction SIGFILLSET = CFunction.of("sigfillset");
    /** sigemptyset(3). */
    private static final CFunction SIGEMPTYSET = CFunction.of("sigemptyset");
    /** waitpid(2): blocks. */
    private static final CFunction WAITPID = CFunction.of("waitpid");
    /** pipe2(2). */
    private static final CFunction PIPE2 = CFunction.of("pipe2");

    private Spawn() {}

    /** A pipe; both ends are close-on-exec. */
    record Pipe(Fd reader, Fd writer) implements AutoCloseable {
        @Override
        public void close() {
            reader.close();
            writer.close();
        }
    }

    static Pipe pipe() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment ends = arena.allocate(8, 4);
            PIPE2.call("pipe2", "", ends.address(), Fd.O_CLOEXEC);
            return new Pipe(
                    new Fd(ends.getAtIndex(JAVA_INT, 0), "pipe, read end"),
                    new Fd(ends.getAtIndex(JAVA_INT, 1), "pipe, write end"));
        }
    }

    /** As the other, of the program that its first argument names by its absolute path, in the caller's working directory. */
    static int start(List<String> argv, Map<String, String> environment, List<Fd> descriptors) {
        return start(argv.getFirst(), argv, environment, Optional.empty(), descriptors);
    }

    /**
     * Starts the program.
     *
     * @param program its absolute path; its first argument may be another word
     * @param directory its working directory
     * @param descriptors what the child gets as 0, 1, 2 and on
     * @return its process id; the caller reaps it with {@link #waitFor}
     * @throws KernelException as posix_spawn(3)
     */
    static int start(
            String program,
            List<String> argv,
            Map<String, String> environment,
            Optional<Path> directory,
            List<Fd> descriptors) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment actions = arena.allocate(OPAQUE, 16);
            check("posix_spawn_file_actions_init", program, ACTIONS_INIT, actions.address());
            try {
                addDescriptors(actions, program, descriptors);
                if (directory.isPresent()) {
                    MemorySegment where = arena.allocateFrom(directory.get().toString());
                    check("addchdir", program, ADD_CHDIR, actions.address(), where.address());
                }
                MemorySegment attributes = attributes(arena, program);
                MemorySegment path = arena.allocateFrom(program);
                MemorySegment arguments = strings(arena, argv);
                MemorySegment variables = strings(
                        arena,
                        environment.entrySet().stream()
                                .map(entry -> entry.getKey() + "=" + entry.getValue())
                                .toList());
                MemorySegment pid = arena.allocate(JAVA_INT);
                check(
                        "posix_spawn",
                        program,
                        POSIX_SPAWN,
                        pid.address(),
                        path.address(),
                        actions.address(),
                        attributes.address(),
                        arguments.address(),
                        variables.address());
                return pid.get(JAVA_INT, 0);
            } finally {
                check("destroy", program, ACTIONS_DESTROY, actions.address());
            }
        }
    }

    /** Waits for the child and answers its status as a shell tells it: 128 + n for signal n. */
    static int waitFor(int pid) {
        return Blocking.call(() -> reap(pid));
    }

    /** As {@link #waitFor(int)}; a child that hasn't ended by then is killed, and the answer is empty. */
    static Optional<Integer> waitFor(int pid, Duration limit) {
        return Blocking.call(
                () -> reap(pid), limit, () -> LinuxProcess.find(pid).ifPresent(child -> child.signal(Signals.SIGKILL)));
    }

    private static int reap(int pid) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment status = arena.allocate(JAVA_INT);
            WAITPID.call("waitpid", pid, pid, status.address(), 0);
            int word = status.get(JAVA_INT, 0);
            int signal = word & 0x7f;
            return signal == 0 ? (word >> 8) & 0xff : 128 + signal;
        }
    }

    private static void addDescriptors(MemorySegment actions, String program, List<Fd> descriptors) {
        // Ours are close-on-exec and may have any number, so they are first moved out of each other's way.
        int spare = 1000;
        for (int i = 0; i < descriptors.size(); i++) {
            dup2(actions, program, descriptors.get(i).number(), spare + i);
        }
        for (int i = 0; i < descriptors.size(); i++) {
            dup2(actions, program, spare + i, i);
        }
        int first = descriptors.size();
        check("addclosefrom", program, ADD_CLOSEFROM, actions.address(), first);
    }

    private static void dup2(MemorySegment actions, String program, int from, int to) {
        check("adddup2", program, ADD_DUP2, actions.address(), from, to);
    }

    private static MemorySegment attributes(Arena arena, String program) {
        MemorySegment attributes = arena.allocate(OPAQUE, 16);
        MemorySegment signals = arena.allocate(OPAQUE, 16);
        short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        check("posix_spawnattr_init", program, ATTRIBUTES_INIT, attributes.address());
        check("setflags", program, SET_FLAGS, attributes.address(), flags);
        check("sigfillset", program, SIGFILLSET, signals.address());
        check("setsigdefault", program, SET_SIGDEFAULT, attributes.address(), signals.address());
        check("sigemptyset", program, SIGEMPTYSET, signals.address());
        check("setsigmask", program, SET_SIGMASK, attributes.address(), signals.address());
        return attributes;
    }

    private static MemorySegment strings(Arena arena, List<String> texts) {
        MemorySegment array = arena.allocate(ADDRESS, texts.size() + 1L);
        for (int i = 0; i < texts.size(); i++) {
            array.setAtIndex(ADDRESS, i, arena.allocateFrom(texts.get(i)));
        }
        array.setAtIndex(ADDRESS, texts.size(), MemorySegment.NULL);
        return array;
    }

    /** These functions answer an errno as their result instead of setting it. */
    private static void check(String call, String program, CFunction function, long... arguments) {
        int error = (int) function.answer(arguments);
        if (error != 0) {
            throw new KernelException(call, program, error);
        }
    }
}
