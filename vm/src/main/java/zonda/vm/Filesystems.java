package zonda.vm;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kernel.KernelException;
import zonda.kernel.LinuxProcess;
import zonda.zones.MountOption;

/** The filesystems of vmadm(8): directories of the host that a VM sees where it wants them. */
final class Filesystems {
    private static final Set<String> NOT_THERE = Set.of("/", "/proc", "/sys", "/dev", "/native", "/checkpoints");

    private Filesystems() {}

    static List<Json.Obj> of(VmConfig vm) {
        return vm.properties().array("filesystems").objects();
    }

    /** What must hold of each, and between them. */
    static void check(List<Json.Obj> filesystems, Findings findings) {
        Set<String> targets = new HashSet<>();
        for (int i = 0; i < filesystems.size(); i++) {
            check(filesystems.get(i), "filesystems." + i, findings);
            String target = filesystems.get(i).string("target", "");
            if (!targets.add(target)) {
                findings.rule("Cannot add multiple filesystems at " + target);
            }
        }
    }

    private static void check(Json.Obj filesystem, String path, Findings findings) {
        List.of("source", "target", "type").forEach(name -> {
            if (!filesystem.has(name)) {
                findings.rule("Missing required property: " + path + "." + name);
            }
        });
        filesystem
                .string("type")
                .filter(type -> !type.equals("lofs"))
                .ifPresent(type ->
                        findings.rule("Invalid " + path + ".type: \"" + type + "\" can not be mounted, lofs can"));
        filesystem
                .string("source")
                .filter(source -> !isPlain(source))
                .ifPresent(source ->
                        findings.rule("Invalid " + path + ".source: \"" + source + "\" is not an absolute path"));
        filesystem
                .string("target")
                .filter(target -> !mayBeTarget(target))
                .ifPresent(target -> findings.rule(
                        "Invalid " + path + ".target: nothing can be mounted at \"" + target + "\" of a VM"));
        for (String option : filesystem.array("options").strings()) {
            if (MountOption.find(option).isEmpty()) {
                findings.rule("Invalid " + path + ".options: unknown option \"" + option + "\"; there are "
                        + String.join(", ", MountOption.words()));
            }
        }
    }

    /** Whether something can be mounted there in a zone. */
    static boolean mayBeTarget(String target) {
        return isPlain(target) && !NOT_THERE.contains(target) && !isOfSystem(target);
    }

    private static boolean isPlain(String path) {
        return path.startsWith("/") && path.equals(Path.of(path).normalize().toString());
    }

    private static boolean isOfSystem(String target) {
        return List.of("/proc/", "/sys/", "/dev/", "/native/", "/.zonecontrol", "/checkpoints/").stream()
                .anyMatch(target::startsWith);
    }

    /**
     * Shows all of them in a zone that is about to run its first program.
     *
     * @throws OpException FAILED naming the one that can't be
     */
    static void showAll(VmRecord vm, Host host, Path root, long initPid) {
        LinuxProcess init = LinuxProcess.find(initPid)
                .orElseThrow(() -> new OpException(Code.FAILED, "the zone ended while it was being made"));
        for (Json.Obj filesystem : of(vm.config())) {
            Path source = Path.of(filesystem.string("source", ""));
            Path target = Path.of(filesystem.string("target", ""));
            requireDirectory(source, target);
            Set<MountOption> options = new HashSet<>();
            filesystem
                    .array("options")
                    .strings()
                    .forEach(word ->
                            options.addAll(MountOption.find(word).stream().toList()));
            try (GuestRoot guest = GuestRoot.open(root)) {
                guest.makeDirectory(target);
                host.zones().show(init, vm.ids(), source, target, options);
            } catch (KernelException e) {
                throw new OpException(Code.FAILED, "filesystem " + target + ": " + e.getMessage(), e);
            }
        }
    }

    /** By its real path: links below a dataset of a zone can be of the zone's making, and lead anywhere. */
    private static void requireDirectory(Path source, Path target) {
        String what = "filesystem " + target + ": its source " + source;
        if (!Files.isDirectory(source)) {
            throw new OpException(Code.FAILED, what + " is not a directory");
        }
        try {
            Path real = source.toRealPath();
            if (!real.equals(source)) {
                throw new OpException(Code.FAILED, what + " goes through a symbolic link; its real path is " + real);
            }
        } catch (IOException e) {
            throw new OpException(Code.FAILED, what + ": " + e.getMessage(), e);
        }
    }
}
