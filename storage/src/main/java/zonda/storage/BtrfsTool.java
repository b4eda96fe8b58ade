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
     * Moves what is on it to the others first.
     *
     * @param device by path or id
     */
    void remove(String device) {
        insist("device", "remove", device, top.toString());
    }

    /** A lack of room is believed at the third time, after commits: what was just freed can be had only then. */
    private void insist(String... words) {
        for (int tries = 1; ; tries++) {
            try {
                command(words).check(WORK);
                return;
            } catch (OpException e) {
                if (tries == TRIES || !String.valueOf(e.getMessage()).contains("No space left")) {
                    throw e;
                }
                commit();
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

    /**
     * Gives every block so many copies, where it doesn't have them; returns when it is done. Chunks of the system go
     * first: those of data may take what is left.
     */
    void convert(int copies, boolean oneDevice) {
        awaitIdle();
        String data = "-dconvert=" + Layout.mirrored(copies) + ",soft";
        String metadata = "convert=" + (oneDevice ? "dup" : Layout.mirrored(Math.max(2, copies))) + ",soft";
        insist("balance", "start", "-f", "-s" + metadata, top.toString());
        insist("balance", "start", "-f", data, "-m" + metadata, top.toString());
        compact(0);
    }

    /** Moves what is in chunks of data that are hardly used to others, as far as there is room, and frees the chunks. */
    void compact(int percentUsed) {
        awaitIdle();
        String usage = "usage=" + percentUsed;
        Command balance = percentUsed == 0
                ? command("balance", "start", "-d" + usage, "-m" + usage, top.toString())
                : command("balance", "start", "-d" + usage, top.toString());
        balance.run(WORK);
        commit();
    }

    void commit() {
        command("filesystem", "sync", top.toString()).check(ANSWER);
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
