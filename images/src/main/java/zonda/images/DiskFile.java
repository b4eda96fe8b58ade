package zonda.images;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.Command;

/**
 * A disk of a machine in a file, of one of the formats that qemu-img(1) reads.
 *
 * @param format qemu-img's name of it
 * @param size what the machine sees
 */
record DiskFile(Path file, String format, Bytes size) {
    private static final Path PROGRAM = Path.of("/usr/bin/qemu-img");
    private static final Duration LOOK = Duration.ofMinutes(1);
    private static final Duration CONVERT = Duration.ofHours(6);
    /** Formats, and what files of them are called. */
    private static final Map<String, String> FORMATS =
            Map.of("raw", "raw", "qcow2", "qcow2", "vmdk", "VMDK", "vdi", "VDI", "vhdx", "VHDX", "vpc", "VHD");

    /**
     * Looks at a file.
     *
     * @throws ImageException NOT_SUPPORTED for other formats, and for a file that wants others beside it: what those were
     *     would be for the file's author to say
     */
    static DiskFile of(Path file) {
        if (!Files.isExecutable(PROGRAM)) {
            throw new ImageException(
                    ImageError.NOT_SUPPORTED, PROGRAM + " is not there: install the Debian package qemu-utils");
        }
        if (!Files.isRegularFile(file)) {
            throw new ImageException(ImageError.FILE_SYSTEM, "no file " + file);
        }
        Json.Obj info = info(file);
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
                && specific.array("extents").objects().size() <= 1;
        if (!alone) {
            throw new ImageException(
                    ImageError.NOT_SUPPORTED,
                    file + " is only a part of a disk: it needs another file; convert it first");
        }
        return new DiskFile(file, format, Bytes.of(info.integer("virtual-size", 0)));
    }

    private static Json.Obj info(Path file) {
        try {
            return Json.parseObject(Command.of(PROGRAM.toString(), "info", "--output=json", file.toString())
                    .check(LOOK));
        } catch (OpException e) {
            throw new ImageException(ImageError.NOT_SUPPORTED, file + ": " + e.getMessage(), e);
        }
    }

    /** Writes what the machine sees to a file that is there and as large, holes left out. */
    void copyTo(Path disk) {
        try {
            Command.of(
                            PROGRAM.toString(),
                            "convert",
                            "-n",
                            "-f",
                            format,
                            "-O",
                            "raw",
                            "--target-is-zero",
                            file.toString(),
                            disk.toString())
                    .check(CONVERT);
        } catch (OpException e) {
            throw new ImageException(ImageError.UNCOMPRESSION_ERROR, file + ": " + e.getMessage(), e);
        }
    }
}
