package zonda.storage;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.kernel.Loop;

/**
 * The devices of a pool as the kernel mounts them: disks and partitions as they are, files behind loop devices. A loop
 * device goes with the mount that uses it, or when this is closed without one.
 */
final class Members implements AutoCloseable {
    private final List<Loop> loops = new ArrayList<>();
    private final List<Path> devices = new ArrayList<>();

    /** Those of the members that are there. */
    static Members attach(List<Path> members) {
        var attached = new Members();
        try {
            members.stream().filter(Files::exists).forEach(attached::add);
            return attached;
        } catch (RuntimeException e) {
            attached.close();
            throw e;
        }
    }

    private void add(Path member) {
        if (!Files.isRegularFile(member)) {
            devices.add(member);
            return;
        }
        Optional<Path> there = Loop.find(member);
        if (there.isPresent()) {
            devices.add(there.get());
            return;
        }
        Loop loop = Loop.attach(member);
        loops.add(loop);
        devices.add(loop.device());
    }

    List<Path> devices() {
        return List.copyOf(devices);
    }

    /** The member that a device is: the file of a loop device, if that is one. */
    static String member(String device) {
        return Loop.backingFile(Path.of(device)).map(Path::toString).orElse(device);
    }

    @Override
    public void close() {
        loops.forEach(Loop::close);
    }
}
