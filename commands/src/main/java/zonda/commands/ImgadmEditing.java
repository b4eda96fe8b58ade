package zonda.commands;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.images.Sources;

/** sources -e of imgadm(8): the caller's editor, on the caller's terminal, on a file of ours that only root reads. */
final class ImgadmEditing {
    private ImgadmEditing() {}

    /** @return what imgadm prints */
    static String sources(Session session, Sources sources, boolean force) {
        if (!session.inputIsTerminal()) {
            throw new OpException(Code.USAGE, "-e needs a terminal to edit on");
        }
        Path file = sources.draft();
        try {
            // An editor that fails has not said what is wanted.
            session.run("${VISUAL:-${EDITOR:-vi}} '" + file + "' || rm -f '" + file + "'", "");
            if (!Files.exists(file)) {
                throw new OpException(Code.FAILED, "the editor failed; the sources are as they were");
            }
            return sources.edited(Files.readString(file), force);
        } catch (IOException e) {
            throw new UncheckedIOException("read " + file + ": " + e, e);
        } finally {
            delete(file);
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
