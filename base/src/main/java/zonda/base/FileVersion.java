package zonda.base;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;

/**
 * What differs between a file and the same after an edit or an upgrade, be it changed in place or another of its name:
 * tells without reading it that it is as it was. Its text is the same for the same version.
 *
 * @param key which file it is, by device and inode
 * @param modified when it was last written
 * @param size in bytes
 */
public record FileVersion(String key, FileTime modified, long size) {
    /** Of the file that is there now; of a symbolic link, what it leads to. */
    public static FileVersion of(Path file) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return new FileVersion(String.valueOf(attributes.fileKey()), attributes.lastModifiedTime(), attributes.size());
    }
}
