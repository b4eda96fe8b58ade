package zonda.client;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;

/** Gives a file that was written piece by piece its name, or takes it away. */
public final class WrittenFile {
    private WrittenFile() {}

    /**
     * @param name what it is called from now on, when it is on disk; empty to remove it
     * @throws IOException in the words of the system
     */
    public static void name(String path, String name) throws IOException {
        File file = new File(path);
        if (name.isEmpty()) {
            if (file.exists() && !file.delete()) {
                throw new IOException(path.concat(" (can not be removed)"));
            }
            return;
        }
        try (FileOutputStream written = new FileOutputStream(file, true)) {
            written.getFD().sync();
        }
        if (!file.renameTo(new File(name))) {
            throw new IOException(name.concat(" (can not be written)"));
        }
    }
}
