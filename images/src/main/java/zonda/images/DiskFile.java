package zonda.images;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.images.tar.TarIndex;
import zonda.kernel.Command;

/**
 * A disk of a machine in a file, of one of the formats that qemu-img(1) reads.
 *
 * @param name what messages call it
 * @param source what qemu-img knows it by, after whatever would tell its format
 * @param format qemu-img's name of it
 * @param size what the machine sees
 */
record DiskFile(String name, Json.Obj source, String format, Bytes size) {
    private static final Path PROGRAM = Path.of("/usr/bin/qemu-img");
    private static final Duration LOOK = Duration.ofMinutes(1);
    private static final Duration CONVERT = Duration.ofHours(6);
    /** Formats, and what files of them are called. */
    private static final Map<String, String> FORMATS =
            Map.of("raw", "raw", "qcow2", "qcow2", "vmdk", "VMDK", "vdi", "VDI", "vhdx", "VHDX", "vpc", "VHD");

    /** Of VMDK, those that are one file; others name theirs, which may be any file of the host. */
    private static final Set<String> WHOLE_VMDK = Set.of("monolithicSparse", "streamOptimized");

    /**
     * Looks at a file.
     *
     * @throws ImageException NOT_SUPPORTED for other formats, and for a file that wants others beside it: what those were
     *     would be for the file's author to say
     */
    static DiskFile of(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new ImageException(ImageError.FILE_SYSTEM, "no file " + file);
        }
        return of(file.toString(), file(file));
    }

    /** As {@link #of(Path)}, of a file that is a part of another. */
    static DiskFile of(TarIndex.Place place, String name) {
        return of(
                name,
                Json.object()
                        .with("driver", "raw")
                        .with("offset", place.offset())
                        .with("size", place.size())
                        .with("file", file(place.file())));
    }

    private static Json.Obj file(Path file) {
        return Json.object().with("driver", "file").with("filename", file.toString());
    }

    private static DiskFile of(String file, Json.Obj source) {
        if (!Files.isExecutable(PROGRAM)) {
            throw new ImageException(
                    ImageError.NOT_SUPPORTED, PROGRAM + " is not there: install the Debian package qemu-utils");
        }
        Json.Obj info = info(file, source);
        String format = info.string("format", "");
        if (!FORMATS.containsKey(format)) {
            throw new ImageException(
                    ImageError.NOT_SUPPORTED,
                    file + ": its format is " + format + ", but must be one of "
                            + FORMATS.values().stream().sorted().toList());
        }
        Json.Obj specific = info.object("format-specific").object("data");
        boolean alone = !info.has("backing-filename")
                && !specific.has("data-file")
                && (!format.equals("vmdk") || WHOLE_VMDK.contains(specific.string("create-type", "")));
        if (!alone) {
            throw new ImageException(
                    ImageError.NOT_SUPPORTED,
                    file + " is only a part of a disk: it needs another file; convert it first");
        }
        return new DiskFile(file, source, format, Bytes.of(info.integer("virtual-size", 0)));
    }

    private static Json.Obj info(String file, Json.Obj source) {
        String unknown = "json:" + Json.object().with("file", source).compact();
        try {
            return Json.parseObject(Command.of(PROGRAM.toString(), "info", "--output=json", unknown)
                    .check(LOOK));
        } catch (OpException e) {
            throw new ImageException(ImageError.NOT_SUPPORTED, file + ": " + e.getMessage(), e);
        }
    }

    /** Writes what the machine sees to a file that is there and as large, holes left out. */
    void copyTo(Path disk) {
        String known = "json:"
                + Json.object().with("driver", format).with("file", source).compact();
        try {
            Command.of(PROGRAM.toString(), "convert", "-n", "-O", "raw", "--target-is-zero", known, disk.toString())
                    .check(CONVERT);
        } catch (OpException e) {
            throw new ImageException(ImageError.UNCOMPRESSION_ERROR, name + ": " + e.getMessage(), e);
        }
    }
}
