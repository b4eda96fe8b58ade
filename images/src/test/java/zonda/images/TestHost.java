package zonda.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import zonda.base.Journal;
import zonda.images.fake.FakeImageStore;
import zonda.images.web.WebSettings;
import zonda.kernel.Command;

/** One instance of imgadm below a directory of the test's. */
final class TestHost {
    /** A source that doesn't answer is given up within a moment. */
    static final WebSettings IMPATIENT =
            new WebSettings(Duration.ofSeconds(15), Duration.ofSeconds(60), 3, Duration.ofMillis(50), Map.of());

    final Path root;
    final FakeImageStore store;
    final List<String> said = new ArrayList<>();
    private final Path intents;

    TestHost(Path root) throws IOException {
        this.root = root;
        this.store = new FakeImageStore(Files.createDirectories(root.resolve("zones")));
        this.intents = root.resolve("var/lib/journal");
    }

    Images images() {
        return images(Journal.CrashPoint.NONE);
    }

    Images images(Journal.CrashPoint crash) {
        var journal = new Journal(intents, InstantSource.system(), crash);
        journal.start();
        return new Images(new Images.Setup(new ImgadmPaths(root), store, journal, InstantSource.system(), IMPATIENT));
    }

    /** Intents that are neither done nor taken back. */
    int openSagas() throws IOException {
        try (var files = Files.list(intents)) {
            return (int) files.count();
        }
    }

    /** Keeps what is said. */
    Progress progress() {
        return new Progress() {
            @Override
            public void say(String line) {
                said.add(line);
            }

            @Override
            public Step begin(String name, long total) {
                return _ -> {};
            }
        };
    }

    static String run(String... command) {
        return Command.of(command).check(Duration.ofSeconds(60));
    }
}
