package zonda.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
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

    private static final FunctionDescriptor ONE_POINTER = FunctionDescriptor.of(JAVA_INT, ADDRESS);
    private static final FunctionDescriptor TWO_POINTERS = FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS);

    /** posix_spawn(3). */
    private static final MethodHandle POSIX_SPAWN = Native.link(
            "posix_spawn", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
    /** posix_spawn_file_actions_init(3). */
    private static final MethodHandle ACTIONS_INIT = Native.link("posix_spawn_file_actions_init", ONE_POINTER);
    /** posix_spawn_file_actions_destroy(3). */
    private static final MethodHandle ACTIONS_DESTROY = Native.link("posix_spawn_file_actions_destroy", ONE_POINTER);
    /** posix_spawn_file_actions_adddup2(3). */
    private static final MethodHandle ADD_DUP2 = Native.link(
            "posix_spawn_file_actions_adddup2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    /** posix_spawn_file_actions_addclosefrom_np, glibc 2.34. */
    private static final MethodHandle ADD_CLOSEFROM =
            Native.link("posix_spawn_file_actions_addclosefrom_np", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    /** posix_spawn_file_actions_addchdir_np, glibc 2.29. */
    private static final MethodHandle ADD_CHDIR = Native.link("posix_spawn_file_actions_addchdir_np", TWO_POINTERS);
    /** posix_spawnattr_init(3). */
    private static final MethodHandle ATTRIBUTES_INIT = Native.link("posix_spawnattr_init", ONE_POINTER);
    /** posix_spawnattr_setflags(3). */
    private static final MethodHandle SET_FLAGS =
            Native.link("posix_spawnattr_setflags", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_SHORT));
    /** posix_spawnattr_setsigdefault(3). */
    private static final MethodHandle SET_SIGDEFAULT = Native.link("posix_spawnattr_setsigdefault", TWO_POINTERS);
    /** posix_spawnattr_setsigmask(3). */
    private static final MethodHandle SET_SIGMASK = Native.link("posix_spawnattr_setsigmask", TWO_POINTERS);
    /** sigfillset(3). */
    private static final MethodHandle SIGFILLSET = Native.link("sigfillset", ONE_POINTER);
    /** sigemptyset(3). */
    private static final MethodHandle SIGEMPTYSET = Native.link("sigemptyset", ONE_POINTER);
    /** waitpid(2): blocks. */
    private static final MethodHandle WAITPID =
            Native.link("waitpid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    /** pipe2(2). */
    private static final MethodHandle PIPE2 = Native.link("pipe2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));

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
            Native.call("pipe2", "", errno -> (long) (int) PIPE2.invokeExact(errno, ends, Fd.O_CLOEXEC));
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
            check("posix_spawn_file_actions_init", program, errno -> (int) ACTIONS_INIT.invokeExact(errno, actions));
            try {
                addDescriptors(actions, program, descriptors);
                if (directory.isPresent()) {
                    MemorySegment where = arena.allocateFrom(directory.get().toString());
                    check("addchdir", program, errno -> (int) ADD_CHDIR.invokeExact(errno, actions, where));
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
                check("posix_spawn", program, errno ->
                        (int) POSIX_SPAWN.invokeExact(errno, pid, path, actions, attributes, arguments, variables));
                return pid.get(JAVA_INT, 0);
            } finally {
                check("destroy", program, errno -> (int) ACTIONS_DESTROY.invokeExact(errno, actions));
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
            Native.call("waitpid", pid, errno -> (long) (int) WAITPID.invokeExact(errno, pid, status, 0));
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
        check("addclosefrom", program, errno -> (int) ADD_CLOSEFROM.invokeExact(errno, actions, first));
    }

    private static void dup2(MemorySegment actions, String program, int from, int to) {
        check("adddup2", program, errno -> (int) ADD_DUP2.invokeExact(errno, actions, from, to));
    }

    private static MemorySegment attributes(Arena arena, String program) {
        MemorySegment attributes = arena.allocate(OPAQUE, 16);
        MemorySegment signals = arena.allocate(OPAQUE, 16);
        short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        check("posix_spawnattr_init", program, errno -> (int) ATTRIBUTES_INIT.invokeExact(errno, attributes));
        check("setflags", program, errno -> (int) SET_FLAGS.invokeExact(errno, attributes, flags));
        check("sigfillset", program, errno -> (int) SIGFILLSET.invokeExact(errno, signals));
        check("setsigdefault", program, errno -> (int) SET_SIGDEFAULT.invokeExact(errno, attributes, signals));
        check("sigemptyset", program, errno -> (int) SIGEMPTYSET.invokeExact(errno, signals));
        check("setsigmask", program, errno -> (int) SET_SIGMASK.invokeExact(errno, attributes, signals));
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

    @FunctionalInterface
    private interface Answering {
        int invoke(MemorySegment errno) throws Throwable;
    }

    /** These functions answer an errno as their result instead of setting it. */
    private static void check(String call, String program, Answering function) {
        int[] error = {0};
        Native.call(call, program, errno -> {
            error[0] = function.invoke(errno);
            return 0;
        });
        if (error[0] != 0) {
            throw new KernelException(call, program, error[0]);
        }
    }
}
