package zonda.daemon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import zonda.base.Journal;
import zonda.base.StateFile;

/**
 * For tests of recovery, by a directory they share with the daemon: every step that is passed is written to its file
 * {@code passed}, a line each, and when the file {@code crash-after} names the step, the process ends as kill -9 would
 * end it. Any thread may call it.
 */
final class StepTrace implements Journal.CrashPoint {
    /** The status of a process that signal 9 ended, as a shell tells it. */
    static final int KILLED = 137;

    private final Path passed;
    private final Path crashAfter;

    StepTrace(Path directory) {
        this.passed = directory.resolve("passed");
        this.crashAfter = directory.resolve("crash-after");
    }

    @Override
    public void passed(String step) {
        try {
            Files.writeString(passed, step + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException("write " + passed + ": " + e, e);
        }
        if (StateFile.read(crashAfter).filter(step::equals).isPresent()) {
            Runtime.getRuntime().halt(KILLED);
        }
    }
}
