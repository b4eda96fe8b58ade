package zonda.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * A program to run: the only place that starts a process. Immutable; arguments go to exec(2) as they are, never through
 * a shell. The environment is the given one plus {@code PATH}, {@code LC_ALL=C} and nothing inherited.
 */
public final class Command {
    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private final List<String> argv;
    private final Map<String, String> environment;
    private final Optional<Path> directory;
    private final Optional<String> input;

    private Command(
            List<String> argv, Map<String, String> environment, Optional<Path> directory, Optional<String> input) {
        this.argv = List.copyOf(argv);
        this.environment = Map.copyOf(environment);
        this.directory = directory;
        this.input = input;
    }

    public static Command of(String... argv) {
        return of(List.of(argv));
    }

    public static Command of(List<String> argv) {
        return new Command(argv, Map.of("PATH", PATH, "LC_ALL", "C"), Optional.empty(), Optional.empty());
    }

    public Command with(String... more) {
        var longer = new ArrayList<>(argv);
        longer.addAll(List.of(more));
        return new Command(longer, environment, directory, input);
    }

    public Command environment(String name, String value) {
        var changed = new LinkedHashMap<>(environment);
        changed.put(name, value);
        return new Command(argv, changed, directory, input);
    }

    public Command in(Path workingDirectory) {
        return new Command(argv, environment, Optional.of(workingDirectory), input);
    }

    /** What it reads on its standard input; without this, its input is empty. */
    public Command input(String text) {
        return new Command(argv, environment, directory, Optional.of(text));
    }

    /** How a program ended: its exit status (128 + n when signal n ended it) and what it wrote, as UTF-8. */
    public record Result(int status, String out, String err) {
        public boolean succeeded() {
            return status == 0;
        }
    }

    /**
     * Runs it to its end; at the limit it is killed. What it left running does not hold this up.
     *
     * @throws OpException FAILED when it can't start or takes too long
     */
    public Result run(Duration limit) {
        try (Fd stdin = standardInput()) {
            return run(stdin, limit);
        } catch (KernelException | IOException e) {
            throw new OpException(Code.FAILED, "start " + argv.getFirst() + ": " + e.getMessage(), e);
        }
    }

    private Result run(Fd stdin, Duration limit) {
        try (Fd out = Fd.inMemory("stdout");
                Fd err = Fd.inMemory("stderr")) {
            int pid = Spawn.start(program(), argv, environment, directory, List.of(stdin, out, err));
            int status = Spawn.waitFor(pid, limit)
                    .orElseThrow(
                            () -> new OpException(Code.FAILED, this + ": still running after " + limit + ", killed"));
            return new Result(status, text(out), text(err));
        } catch (KernelException | IOException e) {
            throw new OpException(Code.FAILED, "start " + argv.getFirst() + ": " + e.getMessage(), e);
        }
    }

    private Fd standardInput() throws IOException {
        if (input.isEmpty()) {
            return Fd.open(Path.of("/dev/null"), Fd.O_RDONLY, 0);
        }
        Fd text = Fd.inMemory("stdin");
        Files.writeString(text.procPath(), input.get());
        return text;
    }

    private static String text(Fd file) throws IOException {
        return new String(Files.readAllBytes(file.procPath()), StandardCharsets.UTF_8);
    }

    /** The program's path, by the PATH it is given: the daemon's own says nothing here. */
    private String program() {
        String name = argv.getFirst();
        if (name.contains("/")) {
            return name;
        }
        String path = environment.getOrDefault("PATH", PATH);
        return Stream.of(path.split(":"))
                .map(place -> place + "/" + name)
                .filter(file -> Files.isExecutable(Path.of(file)))
                .findFirst()
                .orElseThrow(() -> new OpException(Code.FAILED, "start " + name + ": no such program in " + path));
    }

    /** Runs it and answers its output. @throws OpException FAILED with the end of its stderr unless its status is 0 */
    public String check(Duration limit) {
        return checked(run(limit));
    }

    /** As {@link #check(Duration)}, with this as its standard input, which stays open. */
    public String check(Fd standardInput, Duration limit) {
        return checked(run(standardInput, limit));
    }

    private String checked(Result result) {
        if (!result.succeeded()) {
            String said = result.err().isBlank() ? result.out() : result.err();
            throw new OpException(
                    Code.FAILED, this + ": exit " + result.status() + (said.isBlank() ? "" : ": " + said.strip()));
        }
        return result.out();
    }

    /** Starts it with pipes on its three streams; the caller reads, writes and waits. */
    public Process start() {
        return start(builder());
    }

    /** The builder, for a caller in this package that redirects the streams. */
    ProcessBuilder builder() {
        var builder = new ProcessBuilder(argv);
        builder.environment().clear();
        builder.environment().putAll(environment);
        directory.ifPresent(path -> builder.directory(path.toFile()));
        return builder;
    }

    Process start(ProcessBuilder builder) {
        try {
            return builder.start();
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "start " + argv.getFirst() + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return String.join(" ", argv);
    }
}
