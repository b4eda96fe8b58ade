package zonda.zones;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;

/**
 * crun(1) or runc(8), whose command lines agree: the program that makes, starts and ends a zone's namespaces.
 *
 * @param stateDirectory where it keeps what it knows ({@code --root}), one per instance
 */
record OciRuntime(RuntimeProgram program, Path stateDirectory) {
    private static final List<Path> CANDIDATES =
            List.of(Path.of("/usr/bin/crun"), Path.of("/usr/sbin/runc"), Path.of("/usr/bin/runc"));
    private static final Duration LIMIT = Duration.ofSeconds(30);

    /**
     * crun where it is installed, else runc.
     *
     * @param directory of the instance, where it has what it needs
     * @throws OpException FAILED when neither is
     */
    static OciRuntime find(Path directory) {
        return CANDIDATES.stream()
                .filter(Files::isExecutable)
                .findFirst()
                .map(program -> new OciRuntime(new RuntimeProgram(program, directory), directory.resolve("runtime")))
                .orElseThrow(() -> new OpException(Code.FAILED, "no OCI runtime: install the package crun, or runc"));
    }

    void start(UUID zone) {
        command("start", zone.toString()).check(LIMIT);
    }

    /** Ends what is left of the zone; fine when nothing is. */
    void delete(UUID zone) {
        command("delete", "--force", zone.toString()).run(LIMIT);
    }

    /** The command line that runs a program in the zone. */
    List<String> execArguments(UUID zone, List<String> options) {
        List<String> words =
                new ArrayList<>(List.of(program.current().toString(), "--root", stateDirectory.toString(), "exec"));
        words.addAll(options);
        words.add(zone.toString());
        return words;
    }

    private Command command(String... words) {
        return Command.of(program.current().toString(), "--root", stateDirectory.toString())
                .with(words);
    }
}
