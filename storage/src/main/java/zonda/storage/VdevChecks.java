package zonda.storage;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import zonda.base.Bytes;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.kernel.Errno;
import zonda.kernel.Fd;
import zonda.kernel.KernelException;

/** Whether devices may be made a pool's, in the words of zpool(8). */
final class VdevChecks {
    /** O_EXCL of open(2): of a block device, that nobody has it for himself. */
    private static final int O_EXCL = 0200;

    private static final Bytes LEAST = Bytes.ofMiB(256);

    private VdevChecks() {}

    /** @throws OpException NOT_FOUND, INVALID or CONFLICT naming the device and who has it */
    static void require(NewPool wanted, List<Pool> open) {
        for (Path device : wanted.devices()) {
            if (!Files.exists(device)) {
                throw new OpException(Code.NOT_FOUND, "cannot resolve path '" + device + "'");
            }
        }
        List<String> grave = new ArrayList<>();
        List<String> light = new ArrayList<>();
        for (Path device : wanted.devices()) {
            Optional<String> use = inUse(device, open);
            if (use.isPresent()) {
                grave.add(use.get());
            } else {
                VdevLabel.of(device).map(VdevChecks::content).ifPresent(light::add);
            }
        }
        if (!grave.isEmpty()) {
            throw refused(
                    wanted.force()
                            ? "the following errors must be manually repaired:"
                            : "use '-f' to override the" + " following errors:",
                    grave);
        }
        if (!light.isEmpty() && !wanted.force()) {
            throw refused("use '-f' to override the following errors:", light);
        }
        wanted.devices().forEach(device -> requireSize(wanted.name(), device));
    }

    private static OpException refused(String how, List<String> why) {
        return new OpException(Code.CONFLICT, "invalid vdev specification\n" + how + "\n" + String.join("\n", why));
    }

    private static void requireSize(String name, Path device) {
        if (!Files.isRegularFile(device)) {
            return;
        }
        try {
            if (Files.size(device) < LEAST.value()) {
                throw new OpException(
                        Code.INVALID,
                        "cannot create '" + name + "': one or more devices is less than the\nminimum size (256M)");
            }
            if (Files.getFileStore(device).type().equals("btrfs")) {
                throw new OpException(
                        Code.INVALID,
                        "cannot create '" + name + "': " + device
                                + " lies on btrfs, and btrfs within btrfs wears disks out: give a disk or a partition,"
                                + " or a file on another filesystem");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("stat " + device + ": " + e, e);
        }
    }

    private static String content(VdevLabel label) {
        return label.pool()
                .map(pool -> label.path() + " is part of exported pool '" + pool + "'")
                .orElseGet(() -> label.path() + " contains a filesystem of type '" + label.type() + "'");
    }

    /** Why nobody may have it, whatever he forces. */
    private static Optional<String> inUse(Path device, List<Pool> open) {
        Path real = real(device);
        for (Pool pool : open) {
            if (members(pool).contains(real)) {
                return Optional.of(
                        device + " is part of active pool '" + pool.config().name() + "'");
            }
        }
        if (Files.isRegularFile(real)) {
            return zonda.kernel.Loop.find(real).map(loop -> device + " is in use as " + loop);
        }
        try (Fd _ = Fd.open(real, Fd.O_RDWR | O_EXCL, 0)) {
            return Optional.empty();
        } catch (KernelException e) {
            if (e.is(Errno.EBUSY)) {
                String type = VdevLabel.of(real).map(VdevLabel::type).orElse("unknown");
                return Optional.of(device + " is in use and contains a " + type + " filesystem.");
            }
            throw e;
        }
    }

    static Set<Path> members(Pool pool) {
        return java.util.stream.Stream.concat(
                        pool.config().devices().stream(),
                        pool.vdevs().stream()
                                .filter(vdev -> !vdev.missing())
                                .map(vdev -> Path.of(Members.member(vdev.path()))))
                .map(VdevChecks::real)
                .collect(Collectors.toSet());
    }

    static Path real(Path device) {
        try {
            return device.toRealPath();
        } catch (IOException e) {
            return device;
        }
    }
}
