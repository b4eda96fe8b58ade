package zonda.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import zonda.base.Await;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Command;

/**
 * The programs of a host that has OpenZFS: its own zfs(8) and zpool(8), asked without headers and in exact numbers, and
 * those that mount what it makes. The driver does nothing but by them.
 */
interface ZfsProgram {
    /** Where they are. The ones of this product are nowhere that is looked. */
    List<Path> PLACES =
            List.of(Path.of("/usr/sbin"), Path.of("/sbin"), Path.of("/usr/bin"), Path.of("/usr/local/sbin"));

    /** udev's helper, which knows what a device is the volume of. */
    List<Path> ZVOL_ID = List.of(Path.of("/usr/lib/udev/zvol_id"), Path.of("/lib/udev/zvol_id"));

    /** The device of a volume comes a moment after it. */
    Duration DEVICE = Duration.ofSeconds(20);

    /** Somebody uses what it was about, in the words of zfs(8), zpool(8) and umount(8). */
    List<String> BUSY = List.of("dataset is busy", "pool is busy", "target is busy");

    Set<String> OF_ZFS = Set.of("zfs", "zpool");

    /** A pool that heals or frees much answers late. */
    Duration LIMIT = Duration.ofMinutes(10);

    /** Runs it to its end. @param words the program's name and its arguments */
    Command.Result run(List<String> words);

    /** Runs it with a stream as its standard input. @param input writes that */
    Command.Result feed(List<String> words, Consumer<OutputStream> input);

    /** Runs it, and hands its standard output on as it comes. */
    Command.Result pour(List<String> words, OutputStream out);

    /** Those of this host. */
    static ZfsProgram ofHost() {
        return new HostZfs();
    }

    /** Whether the programs are there. */
    static boolean isHere() {
        return place("zfs").isPresent() && place("zpool").isPresent();
    }

    static Optional<Path> place(String name) {
        return PLACES.stream()
                .map(place -> place.resolve(name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** What zpool(8) knows of a pool. */
    default OpenZfsStatus status(String pool) {
        return OpenZfsStatus.parse(check("zpool", "status", "-j", "--json-int", "-P", pool), pool);
    }

    /** The device of a volume, also on a host without udev. @throws OpException FAILED when it does not come */
    default Path device(String volume) {
        Await.until(DEVICE, () -> findDevice(volume).isPresent());
        return findDevice(volume)
                .orElseThrow(() -> new OpException(Code.FAILED, "volume '" + volume + "' has no device"));
    }

    private Optional<Path> findDevice(String volume) {
        Path link = Path.of("/dev/zvol").resolve(volume);
        if (isOf(link, volume)) {
            return Optional.of(link);
        }
        try (DirectoryStream<Path> devices = Files.newDirectoryStream(Path.of("/dev"), "zd*[0-9]")) {
            for (Path device : devices) {
                if (isOf(device, volume)) {
                    return Optional.of(device);
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("list /dev: " + e, e);
        }
    }

    /** A link that udev has yet to take away can lead to another's device. */
    private boolean isOf(Path device, String volume) {
        if (!Files.exists(device)) {
            return false;
        }
        Path program = ZVOL_ID.stream()
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new OpException(Code.FAILED, "zvol_id of OpenZFS is not installed"));
        var asked = run(program.toString(), device.toString());
        return asked.succeeded() && asked.out().strip().equals(volume);
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
        return checked(run(words), String.join(" ", words.subList(0, 2)));
    }

    /** @param verb what was done, for what doesn't say so itself */
    static String checked(Command.Result result, String verb) {
        if (!result.succeeded()) {
            String said = result.err().isBlank()
                    ? "exit " + result.status()
                    : result.err().strip();
            Code code = BUSY.stream().anyMatch(said::contains) ? Code.CONFLICT : Code.FAILED;
            throw new OpException(code, said.startsWith("cannot ") ? said : verb + ": " + said);
        }
        return result.out();
    }

    default String check(String... words) {
        return check(List.of(words));
    }

    /** Lines of fields that tabs separate. */
    default List<List<String>> table(List<String> words) {
        return check(words).lines().map(line -> List.of(line.split("\t", -1))).toList();
    }

    default List<List<String>> table(String... words) {
        return table(List.of(words));
    }
}
