package zonda.storage;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;

/** OpenZFS' own zfs(8) and zpool(8), asked without headers and in exact numbers. */
interface ZfsProgram {
    /** Where they are. The ones of this product are nowhere that is looked. */
    List<Path> PLACES =
            List.of(Path.of("/usr/sbin"), Path.of("/sbin"), Path.of("/usr/bin"), Path.of("/usr/local/sbin"));

    /** A pool that heals or frees much answers late. */
    Duration LIMIT = Duration.ofMinutes(10);

    /** Runs it to its end. @param words the program's name and its arguments */
    Command.Result run(List<String> words);

    /** Those of this host. */
    static ZfsProgram ofHost() {
        return words -> {
            Path program = place(words.getFirst())
                    .orElseThrow(() -> new OpException(
                            Code.FAILED, words.getFirst() + " of OpenZFS is not installed: install zfsutils-linux"));
            List<String> argv = new ArrayList<>(words);
            argv.set(0, program.toString());
            return Command.of(argv).run(LIMIT);
        };
    }

    /** Whether the programs are there. */
    static boolean isHere() {
        return place("zfs").isPresent() && place("zpool").isPresent();
    }

    private static Optional<Path> place(String name) {
        return PLACES.stream()
                .map(place -> place.resolve(name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    default Command.Result run(String... words) {
        return run(List.of(words));
    }

    /**
     * Runs it to its end, and answers its output.
     *
     * @throws OpException CONFLICT when a dataset is busy, FAILED for whatever else it says
     */
    default String check(List<String> words) {
        Command.Result result = run(words);
        if (!result.succeeded()) {
            String said = result.err().isBlank()
                    ? "exit " + result.status()
                    : result.err().strip();
            Code code = said.contains("dataset is busy") || said.contains("pool is busy") ? Code.CONFLICT : Code.FAILED;
            throw new OpException(code, String.join(" ", words.subList(0, 2)) + ": " + said);
        }
        return result.out();
    }

    default String check(String... words) {
        return check(List.of(words));
    }

    /** Lines of fields that tabs separate. */
    default List<List<String>> table(String... words) {
        return check(words).lines().map(line -> List.of(line.split("\t", -1))).toList();
    }
}
