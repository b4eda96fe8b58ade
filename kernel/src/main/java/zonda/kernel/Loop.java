package zonda.kernel;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * A file used as a disk: loop(4). The device goes away by itself when its last user closes it or unmounts it
 * (LO_FLAGS_AUTOCLEAR), so none is left when this process is killed before it has mounted it; hold this object open
 * until then.
 */
public final class Loop implements AutoCloseable {
    static final long LOOP_CONFIGURE = 0x4C0A;
    static final long LOOP_CTL_GET_FREE = 0x4C82;

    /** struct loop_config of linux/loop.h, with struct loop_info64 in it at 8. */
    static final int CONFIG_SIZE = 304;

    static final int CONFIG_FD = 0;
    static final int CONFIG_FLAGS = 60;
    static final int LO_FLAGS_AUTOCLEAR = 4;
    static final int LO_FLAGS_DIRECT_IO = 16;
    private static final int ATTEMPTS = 64;
    private static final Path BLOCK_DEVICES = Path.of("/sys/block");

    private final Path device;
    private final Fd open;

    private Loop(Path device, Fd open) {
        this.device = device;
        this.open = open;
    }

    /** Such as {@code /dev/loop3}. */
    public Path device() {
        return device;
    }

    /** Whether the kernel reads and writes the file past the page cache; not every filesystem below can. */
    public boolean isDirect() {
        return read(sysfs(device).resolve("loop/dio")).equals("1");
    }

    /**
     * Makes a device of the file, with direct I/O where the file's filesystem can: LOOP_CONFIGURE, Linux 5.8.
     *
     * @throws OpException CONFLICT when a device of this file exists
     */
    public static Loop attach(Path file) {
        Optional<Path> existing = find(file);
        if (existing.isPresent()) {
            throw new OpException(Code.CONFLICT, "attach " + file + ": it is in use as " + existing.get());
        }
        try (Fd backing = Fd.open(file, Fd.O_RDWR, 0);
                Fd control = Fd.open(Path.of("/dev/loop-control"), Fd.O_RDWR, 0)) {
            for (int i = 0; i < ATTEMPTS; i++) {
                long number = Native.ioctl("get a free loop device by", control, LOOP_CTL_GET_FREE, 0);
                Optional<Loop> loop = configure(Path.of("/dev/loop" + number), backing);
                if (loop.isPresent()) {
                    return loop.get();
                }
            }
            throw new OpException(Code.FAILED, "attach " + file + ": each free loop device was taken by another");
        }
    }

    /** Empty when somebody else has taken the device in between. */
    private static Optional<Loop> configure(Path device, Fd backing) {
        Fd fd = Fd.open(device, Fd.O_RDWR, 0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment config = arena.allocate(CONFIG_SIZE, 8);
            config.set(JAVA_INT, CONFIG_FD, backing.number());
            config.set(JAVA_INT, CONFIG_FLAGS, LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO);
            Native.ioctl("attach " + backing + " to", fd, LOOP_CONFIGURE, config);
            return Optional.of(new Loop(device, fd));
        } catch (KernelException e) {
            fd.close();
            if (e.is(Errno.EBUSY)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** The device that is made of the file, if there is one. */
    public static Optional<Path> find(Path file) {
        Path real = file.toAbsolutePath().normalize();
        try {
            real = file.toRealPath();
        } catch (IOException e) {
            // A file that isn't there can still be the backing file of a device, under its last name.
        }
        String name = real.toString();
        try (DirectoryStream<Path> devices = Files.newDirectoryStream(BLOCK_DEVICES, "loop*")) {
            for (Path entry : devices) {
                if (read(entry.resolve("loop/backing_file")).equals(name)) {
                    return Optional.of(Path.of("/dev/" + entry.getFileName()));
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException("list " + BLOCK_DEVICES + ": " + e, e);
        }
    }

    /** The file that a loop device is made of; empty when it is none, or is free. */
    public static Optional<Path> backingFile(Path device) {
        String file = read(sysfs(device).resolve("loop/backing_file"));
        return file.isEmpty() ? Optional.empty() : Optional.of(Path.of(file));
    }

    private static Path sysfs(Path device) {
        return BLOCK_DEVICES.resolve(device.getFileName());
    }

    /** A line of sysfs without its newline; empty when it isn't there. */
    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            // ENXIO, ENODEV: the device is going away.
            return "";
        }
    }

    /** Lets go of it: it ends now unless it is mounted or otherwise in use. */
    @Override
    public void close() {
        open.close();
    }

    @Override
    public String toString() {
        return device.toString();
    }
}
