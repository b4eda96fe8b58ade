package zonda.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.kernel.Command;

/** What an instance's pool holds, in btrfs' words: subvolumes, and the driver's directories. */
record PoolContent(Set<String> things) {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    PoolContent {
        things = new TreeSet<>(things);
    }

    static PoolContent of(Instance zonda) {
        Path pool = zonda.root().resolve("run/zonda/pools/zones");
        Set<String> found = new TreeSet<>();
        Command.of("btrfs", "subvolume", "list", pool.toString())
                .check(LIMIT)
                .lines()
                .map(line -> "subvolume " + line.replaceFirst(".* path ", ""))
                .forEach(found::add);
        for (String directory : new String[] {"ds", "snap"}) {
            try (Stream<Path> entries = Files.list(pool.resolve(directory))) {
                entries.forEach(entry -> found.add("directory " + directory + "/" + entry.getFileName()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return new PoolContent(found);
    }

    /** How many accounts of space there are; those of destroyed datasets go at the pool's next commits. */
    static long accounts(Instance zonda) {
        Path pool = zonda.root().resolve("run/zonda/pools/zones");
        Command.of("btrfs", "filesystem", "sync", pool.toString()).check(LIMIT);
        return Command.of("btrfs", "qgroup", "show", pool.toString())
                .check(LIMIT)
                .lines()
                .filter(line -> line.matches("[0-9]+/.*"))
                .count();
    }

    /** What is there besides this, after a moment for what the pool does later. */
    Set<String> surplus(Instance zonda) {
        Await.until(LIMIT, () -> of(zonda).equals(this));
        Set<String> surplus = new TreeSet<>(of(zonda).things());
        surplus.removeAll(things);
        return surplus;
    }
}
