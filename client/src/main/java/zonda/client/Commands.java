package zonda.client;

import java.io.File;
import java.io.IOException;
import java.util.Map;

/** Commands of the caller's that the daemon has run here: system(3), with the caller's standard streams. */
final class Commands {
    private Commands() {}

    /** Runs one to its end. @param file what its output is added to; empty for standard output */
    static void run(String command, String file) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("/bin/sh", "-c", command).inheritIO();
        if (!file.isEmpty()) {
            builder.redirectOutput(ProcessBuilder.Redirect.appendTo(new File(file)));
        }
        restore(builder.environment());
        Process process = builder.start();
        boolean interrupted = false;
        while (true) {
            try {
                process.waitFor();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
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
