package zonda.storage;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.Command;

/**
 * What btrfs(8) does to the devices of a mounted filesystem, in words that do no harm when they are said again. The
 * kernel does the work: it goes on when the program that began it is killed, and after a restart of the host.
 */
final class BtrfsTool {
    private static final Duration ANSWER = Duration.ofMinutes(2);
    private static final Duration WORK = Duration.ofDays(60);
    private static final int TRIES = 3;
    private static final Pattern REPLACED = Pattern.compile("([0-9.]+)% done");
    private static final Pattern LEFT = Pattern.compile("([0-9]+)% left");
    private static final Duration LOOK = Duration.ofMillis(500);

    private final Path top;
    private final Path exclusive;

    BtrfsTool(Path top, UUID filesystem) {
        this.top = top;
        this.exclusive = Path.of("/sys/fs/btrfs", filesystem.toString(), "exclusive_operation");
    }

    /** Waits for the end of what the kernel does to the devices, whoever began it: it does one thing at a time. */
    void awaitIdle() {
        try {
            while (!StateFile.read(exclusive).orElse("none").strip().equals("none")) {
                Thread.sleep(LOOK);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OpException(Code.FAILED, "interrupted", e);
        }
    }

    private Command command(String... words) {
        return Command.of("btrfs").with(words);
    }

    void add(String device) {
        command("device", "add", "-f", device, top.toString()).check(ANSWER);
    }

    /**
     * Moves what is on it to the others first. Room that a change of profiles has just freed can be had after a commit
     * only, so that a lack of it is believed at the third time.
     *
     * @param device by path or id
     */
    void remove(String device) {
        for (int tries = 1; ; tries++) {
            try {
                command("device", "remove", device, top.toString()).check(WORK);
                return;
            } catch (OpException e) {
                if (tries == TRIES || !String.valueOf(e.getMessage()).contains("No space left")) {
                    throw e;
                }
                command("filesystem", "sync", top.toString()).check(ANSWER);
            }
        }
    }

    /** Copies a device to another that takes its place; returns when it is done. */
    void replace(long device, String by) {
        awaitIdle();
        command("replace", "start", "-B", "-f", String.valueOf(device), by, top.toString())
                .check(WORK);
    }

    /** How much is copied, in percent; empty when nothing is being replaced. */
    Optional<Double> replaced() {
        String said =
                command("replace", "status", "-1", top.toString()).run(ANSWER).out();
        Matcher percent = REPLACED.matcher(said);
        boolean runs = percent.find() && !said.contains("finished on") && !said.contains("canceled on");
        return runs ? Optional.of(Double.valueOf(percent.group(1))) : Optional.empty();
    }

    void useAll(long device) {
        command("filesystem", "resize", device + ":max", top.toString()).check(ANSWER);
    }

    /** Gives every block so many copies, where it doesn't have them; returns when it is done. */
    void convert(int copies, boolean oneDevice) {
        awaitIdle();
        String data = "-dconvert=" + Layout.mirrored(copies) + ",soft";
        String metadata = "-mconvert=" + (oneDevice ? "dup" : Layout.mirrored(Math.max(2, copies))) + ",soft";
        command("balance", "start", "-f", data, metadata, top.toString()).check(WORK);
    }

    /** How much is converted, in percent; empty when nothing is. */
    Optional<Double> converted() {
        String said = command("balance", "status", top.toString()).run(ANSWER).out();
        Matcher left = LEFT.matcher(said);
        return said.contains("is running")
                ? Optional.of(left.find() ? 100 - Double.parseDouble(left.group(1)) : 0)
                : Optional.empty();
    }
}
