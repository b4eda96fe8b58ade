package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import zonda.base.StateFile;
import zonda.kernel.Xattrs;

/**
 * Records beside what they are of, from which a lost store is made again: of a dataset an extended attribute of {@code
 * ds/<guid>}, of its bookmarks files there, and of a snapshot a file beside its subvolume. They are as durable as the
 * pool's next commit; opening the pool puts right what a crash has left behind.
 */
final class BtrfsDescriptions {
    static final String ATTRIBUTE = "trusted.zonda.ds";
    private static final String SNAPSHOT = ".json";
    private static final String BOOKMARK = ".bookmark";

    private final Path top;

    BtrfsDescriptions(Path top) {
        this.top = top;
    }

    /** On the directory around it: the dataset itself can be full to its quota, which is no reason to fail. */
    void ofDataset(Path home, String text) {
        Xattrs.set(home, ATTRIBUTE, text.getBytes(StandardCharsets.UTF_8));
    }

    boolean isDescribed(Path home) {
        return Xattrs.get(home, ATTRIBUTE).isPresent();
    }

    /** @param directory of the snapshots of its home */
    void ofSnapshot(Path directory, Guid snapshot, String text) {
        StateFile.replaceVolatile(directory.resolve(snapshot + SNAPSHOT), text);
    }

    void forgetSnapshot(Path directory, Guid snapshot) {
        delete(directory.resolve(snapshot + SNAPSHOT));
    }

    void ofBookmark(Path home, Guid bookmark, Optional<String> text) {
        Path file = home.resolve(bookmark + BOOKMARK);
        text.ifPresentOrElse(record -> StateFile.replaceVolatile(file, record), () -> delete(file));
    }

    /** A dataset goes, and its bookmarks with it. */
    void forgetBookmarks(Path home) {
        if (Files.isDirectory(home)) {
            list(home).stream()
                    .filter(file -> file.toString().endsWith(BOOKMARK))
                    .forEach(BtrfsDescriptions::delete);
        }
    }

    /** All that are there. */
    List<String> all() {
        List<String> texts = new ArrayList<>();
        for (Path home : list(top.resolve(BtrfsDriver.DATASETS))) {
            Xattrs.get(home, ATTRIBUTE).ifPresent(text -> texts.add(new String(text, StandardCharsets.UTF_8)));
            files(home, BOOKMARK, texts);
        }
        list(top.resolve(BtrfsDriver.SNAPSHOTS)).forEach(directory -> files(directory, SNAPSHOT, texts));
        return texts;
    }

    private static void files(Path directory, String suffix, List<String> into) {
        list(directory).stream()
                .filter(file -> file.toString().endsWith(suffix))
                .forEach(file -> StateFile.read(file).ifPresent(into::add));
    }

    private static List<Path> list(Path directory) {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.toList();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + directory + ": " + e, e);
        }
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new UncheckedIOException("delete " + file + ": " + e, e);
        }
    }
}
