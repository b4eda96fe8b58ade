package zonda.client;

import java.io.File;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/** Commands of the caller's that the daemon has run here: system(3), with the caller's standard streams. */
final class Commands {
    /** Ends where there is no such program. Its number does not change by exec(2). */
    private static final String HOLD = "command -v \"$1\" >/dev/null 2>&1 || exit 127; kill -STOP $$; exec \"$@\"";

    private static final Map<Integer, Process> STARTED = new HashMap<>();

    private Commands() {}

    /** Runs one to its end. @param file what its output is added to; empty for standard output */
    static void run(String command, String file) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", command).inheritIO();
        if (!file.isEmpty()) {
            builder.redirectOutput(ProcessBuilder.Redirect.appendTo(new File(file)));
        }
        restore(builder.environment());
        await(builder.start());
    }

    private static int await(Process process) {
        boolean interrupted = false;
        int status;
        while (true) {
            try {
                status = process.waitFor();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return status;
    }

    /** Starts a program that stops itself before its first instruction. @return its number */
    static long start(String[] words) throws IOException {
        String[] command = new String[words.length + 4];
        command[0] = "/bin/sh";
        command[1] = "-c";
        command[2] = HOLD;
        command[3] = "dtrace";
        System.arraycopy(words, 0, command, 4, words.length);
        ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
        restore(builder.environment());
        Process process = builder.start();
        STARTED.put((int) process.pid(), process);
        return process.pid();
    }

    /** How a process that was started has ended; waits until it has. */
    static int status(int number) {
        Process process = STARTED.remove(number);
        return process == null ? 0 : await(process);
    }

    /** Takes back what the launcher has put into the environment. */
    private static void restore(Map<String, String> environment) {
        environment.remove("ZONDA_PID");
        environment.remove("ZONDA_PPID");
        environment.remove("LC_ALL");
        String locale = environment.remove("ZONDA_LC_ALL");
        if (locale != null) {
            environment.put("LC_ALL", locale);
        }
    }
}
