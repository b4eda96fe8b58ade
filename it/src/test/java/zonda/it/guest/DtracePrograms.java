package zonda.it.guest;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.dtrace.CallingZone;
import zonda.dtrace.Dtrace;

/**
 * Runs in a guest: has its kernel load the programs of a file, one after another, and prints how that went, a line for
 * each. A program ends before a line of equal signs, and is behind a line that says what it is for: {@code host} and
 * {@code zone} are loaded only; {@code fires} and an expression is run until it ends, while this process reads files,
 * and what it prints must match; {@code unwinds} and an expression as well, with another process as its target: one that
 * was compiled without frame pointers.
 */
final class DtracePrograms {
    private static final Path PROGRAMS = Path.of("/in/programs");
    private static final String FIRES = "fires ";
    private static final String UNWINDS = "unwinds ";
    private static final String FRAMELESS = "/in/frameless";

    private static final long OWN = ProcessHandle.current().pid();

    private final Dtrace dtrace = new Dtrace(Map::of);
    private final boolean training;

    private DtracePrograms(boolean training) {
        this.training = training;
    }

    /** @param arguments with one, programs are compiled and nothing more, which is to train the runtime */
    public static void main(String[] arguments) throws IOException {
        Thread.ofPlatform().daemon().start(DtracePrograms::readFiles);
        var programs = new DtracePrograms(arguments.length > 0);
        int number = 0;
        for (String block : Files.readString(PROGRAMS).split("(?m)^=====\n")) {
            String[] parts = block.split("\n", 2);
            long from = System.nanoTime();
            String result = programs.result(parts[0], parts[1]);
            System.out.println(
                    "PROGRAM " + number++ + " " + result + " in " + (System.nanoTime() - from) / 1_000_000 + " ms");
        }
        System.out.println("PROGRAMS " + number);
    }

    private String result(String head, String program) throws IOException {
        if (head.startsWith(FIRES)) {
            return fire(head.substring(FIRES.length()), program, OWN);
        }
        if (!head.startsWith(UNWINDS)) {
            return load(head, program);
        }
        Process frameless = new ProcessBuilder(FRAMELESS).start();
        try {
            // Its first word is there when all that it uses is mapped.
            frameless.getInputStream().read();
            return fire(head.substring(UNWINDS.length()), program, frameless.pid());
        } finally {
            frameless.destroyForcibly();
        }
    }

    private static void readFiles() {
        try {
            while (true) {
                Files.readString(Path.of("/proc/self/stat"));
                Thread.sleep(5);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private String load(String whose, String program) {
        var words = new Words(program);
        int status =
                dtrace.run(words(OWN, "-Z", "-n", "BEGIN { exit(0); }", "1", "2"), caller(whose.equals("zone")), words);
        boolean refused = status == 1 && words.said.stream().anyMatch(line -> line.contains("failed to"));
        return refused ? "REFUSED " + words.said : "LOADED";
    }

    private String fire(String expectation, String program, long target) {
        var words = new Words(program);
        dtrace.run(words(target), caller(false), words);
        String all = words.printed + String.join("\n", words.said);
        return all.matches(expectation) ? "FIRED" : "REFUSED " + all.replace('\n', ' ');
    }

    private List<String> words(long target, String... more) {
        var words = new ArrayList<>(List.of("-xswitchrate=10ms", "-xargref", training ? "-ewq" : "-wq"));
        words.addAll(List.of("-p", Long.toString(target), "-s", "program"));
        words.addAll(List.of(more));
        return words;
    }

    private static Dtrace.Caller caller(boolean inZone) {
        var zone = new CallingZone("z", 1, 1, 65_536, 65_536, true, true, new CallingZone.Processes() {
            @Override
            public OptionalLong find(long number) {
                return OptionalLong.of(number);
            }

            @Override
            public boolean has(long process) {
                return true;
            }
        });
        return new Dtrace.Caller(OWN, 1, 0, 0, inZone ? Optional.of(zone) : Optional.empty());
    }

    /** A caller with one file, who remembers what it is told in words. */
    private static final class Words implements Dtrace.Terminal {
        private final String program;
        private final List<String> said = new ArrayList<>();
        private final StringBuilder printed = new StringBuilder();

        Words(String program) {
            this.program = program;
        }

        @Override
        public void out(String text) {
            printed.append(text);
        }

        @Override
        public void err(String line) {
            said.add(line);
        }

        @Override
        public OutputStream outStream() {
            return OutputStream.nullOutputStream();
        }

        @Override
        public OutputStream errStream() {
            return OutputStream.nullOutputStream();
        }

        @Override
        public String file(String path) {
            if (!path.equals("program")) {
                throw new OpException(Code.FAILED, path + " (No such file or directory)");
            }
            return program;
        }

        @Override
        public void write(String path, String text, boolean append) {}

        @Override
        public void system(String command, String file) {}

        @Override
        public long start(List<String> command) {
            throw new OpException(Code.FAILED, "nothing is started here");
        }

        @Override
        public int status(long process) {
            return 0;
        }

        @Override
        public List<String> names(String path) {
            return List.of();
        }

        @Override
        public Path directory() {
            return Path.of("/");
        }

        @Override
        public void onInterrupt(Runnable work) {}
    }
}
