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
 * each. A program is behind a line that says for whom it is, host or zone, and ends before a line of equal signs.
 */
final class DtracePrograms {
    private static final Path PROGRAMS = Path.of("/in/programs");

    private DtracePrograms() {}

    public static void main(String[] arguments) throws IOException {
        var dtrace = new Dtrace(Map::of);
        int number = 0;
        for (String block : Files.readString(PROGRAMS).split("(?m)^=====\n")) {
            String[] parts = block.split("\n", 2);
            var words = new Words(parts[1]);
            int status = dtrace.run(words(), caller(parts[0].equals("zone")), words);
            boolean refused = status == 1 && words.said.stream().anyMatch(line -> line.contains("failed to"));
            System.out.println("PROGRAM " + number++ + (refused ? " REFUSED " + words.said : " LOADED"));
        }
        System.out.println("PROGRAMS " + number);
    }

    private static List<String> words() {
        String own = Long.toString(ProcessHandle.current().pid());
        return List.of(
                "-xswitchrate=10ms",
                "-xargref",
                "-wqZ",
                "-p",
                own,
                "-s",
                "program",
                "-n",
                "BEGIN { exit(0); }",
                "1",
                "2");
    }

    private static Dtrace.Caller caller(boolean inZone) {
        long own = ProcessHandle.current().pid();
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
        return new Dtrace.Caller(own, 1, 0, 0, inZone ? Optional.of(zone) : Optional.empty());
    }

    /** A caller with one file, who remembers what it is told in words. */
    private static final class Words implements Dtrace.Terminal {
        private final String program;
        private final List<String> said = new ArrayList<>();

        Words(String program) {
            this.program = program;
        }

        @Override
        public void out(String text) {}

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
