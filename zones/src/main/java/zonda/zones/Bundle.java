package zonda.zones;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import zonda.base.Bytes;
import zonda.base.Json;
import zonda.kernel.FileStat;

/**
 * A zone as an OCI runtime takes it: the text of {@code config.json}, OCI Runtime Specification 1.0.
 *
 * <p>Limits aren't here but for the locked memory, which is an rlimit: {@link Cgroups} sets them before the zone starts
 * and while it runs, by the same code.
 */
final class Bundle {
    private static final List<String> NAMESPACES = List.of("pid", "network", "ipc", "uts", "mount", "cgroup", "user");

    /** What tells about the host, or could hurt it; podman hides the same. */
    private static final List<String> MASKED = List.of(
            "/proc/acpi",
            "/proc/asound",
            "/proc/kcore",
            "/proc/keys",
            "/proc/latency_stats",
            "/proc/sched_debug",
            "/proc/scsi",
            "/proc/timer_list",
            "/proc/timer_stats",
            "/sys/dev/block",
            "/sys/devices/virtual/powercap",
            "/sys/firmware",
            "/sys/fs/selinux");

    /** All of /proc/sys but net, which is the zone's own. */
    private static final List<String> READ_ONLY = List.of(
            "/proc/bus",
            "/proc/fs",
            "/proc/irq",
            "/proc/sys/abi",
            "/proc/sys/debug",
            "/proc/sys/dev",
            "/proc/sys/fs",
            "/proc/sys/kernel",
            "/proc/sys/user",
            "/proc/sys/vm",
            "/proc/sysrq-trigger");

    static final String REAPER = "/native/usr/lib/zonda/reaper";

    private final ZoneSpec spec;
    private final Path root;
    private final String cgroup;
    private final Seccomp seccomp;

    /** @param root where the zone's root is mounted, shown through its id range, when the runtime looks */
    Bundle(ZoneSpec spec, Path root, String cgroup, Seccomp seccomp) {
        this.spec = spec;
        this.root = root;
        this.cgroup = cgroup;
        this.seccomp = seccomp;
    }

    Json.Obj config(OpenFiles hostLimits) {
        return Json.object()
                .with("ociVersion", "1.0.2")
                .with("process", process(hostLimits))
                .with("root", Json.object().with("path", root.toString()).with("readonly", false))
                .with("hostname", spec.hostname())
                .with("mounts", mounts())
                .with("annotations", annotations())
                .with("linux", linux());
    }

    /** RLIMIT_NOFILE and RLIMIT_MEMLOCK of this process, which a zone's can't pass without CAP_SYS_RESOURCE. */
    record OpenFiles(long files, Bytes locked) {}

    private Json.Obj process(OpenFiles hostLimits) {
        List<String> capabilities = Privileges.capabilities(spec.init(), spec.removedPrivileges());
        Json.Arr list = Json.Arr.ofStrings(capabilities);
        Json.Obj sets = Json.object()
                .with("bounding", list)
                .with("effective", list)
                .with("permitted", list)
                .with("inheritable", new Json.Arr(List.of()));
        long files = Math.min(hostLimits.files(), 1_048_576);
        long locked = Math.min(
                hostLimits.locked().value(), spec.limits().lockedMemory().value());
        return Json.object()
                .with("terminal", spec.init().streams().terminal())
                .with("user", user())
                .with("args", Json.Arr.ofStrings(arguments()))
                .with("env", Json.Arr.ofStrings(environment()))
                .with("cwd", directory())
                .with("capabilities", sets)
                .with(
                        "rlimits",
                        Json.Arr.of(Stream.of(
                                rlimit("RLIMIT_NOFILE", Math.min(files, 1024), files),
                                rlimit("RLIMIT_MEMLOCK", locked, locked))))
                .with("noNewPrivileges", false);
    }

    private static Json.Obj rlimit(String type, long soft, long hard) {
        return Json.object().with("type", type).with("soft", soft).with("hard", hard);
    }

    private Json.Obj user() {
        ZoneExec.User user = switch (spec.init()) {
            case InitProgram.Machine _ -> ZoneExec.User.ROOT;
            case InitProgram.Application application -> application.user();
            case InitProgram.Emulator _ -> InitProgram.EMULATOR;
        };
        Json.Obj ids = Json.object().with("uid", user.uid()).with("gid", user.gid());
        return user.groups().isEmpty()
                ? ids
                : ids.with("additionalGids", Json.Arr.of(user.groups().stream().map(Json::of)));
    }

    private List<String> arguments() {
        return switch (spec.init()) {
            case InitProgram.Machine machine -> List.of(machine.path());
            case InitProgram.Application application ->
                Stream.concat(Stream.of(REAPER, "--"), application.command().stream())
                        .toList();
            case InitProgram.Emulator emulator -> emulator.command();
        };
    }

    private List<String> environment() {
        Map<String, String> variables = new TreeMap<>();
        variables.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/native/usr/sbin");
        if (spec.init().streams().terminal()) {
            variables.put("TERM", "xterm");
        }
        switch (spec.init()) {
            case InitProgram.Machine _ -> {
                // systemd(1): says that this is a container, and what to take for /etc/machine-id when that is empty.
                variables.put("container", "zonda");
                variables.put("container_uuid", spec.uuid().toString());
            }
            case InitProgram.Application application -> {
                variables.put("HOME", "/root");
                variables.putAll(application.environment());
            }
            case InitProgram.Emulator _ -> {
                // It needs no more.
            }
        }
        return variables.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
    }

    private String directory() {
        return spec.init() instanceof InitProgram.Application application ? application.directory() : "/";
    }

    private Json.Arr mounts() {
        boolean machine = spec.init() instanceof InitProgram.Machine;
        List<Json.Obj> mounts = new ArrayList<>();
        mounts.add(mount("proc", "/proc", "nosuid", "noexec", "nodev"));
        mounts.add(mount("tmpfs", "/dev", "nosuid", "strictatime", "mode=755", "size=65536k"));
        mounts.add(
                mount("devpts", "/dev/pts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"));
        mounts.add(mount("tmpfs", "/dev/shm", "nosuid", "nodev", "mode=1777"));
        mounts.add(mount("mqueue", "/dev/mqueue", "nosuid", "noexec", "nodev"));
        mounts.add(mount("sysfs", "/sys", "nosuid", "noexec", "nodev", "ro"));
        mounts.add(mount("cgroup", "/sys/fs/cgroup", "nosuid", "noexec", "nodev", machine ? "rw" : "ro"));
        if (machine) {
            mounts.add(mount("tmpfs", "/run", "nosuid", "nodev", "mode=755"));
        }
        long temporary = spec.limits().tmpfs().value();
        if (temporary > 0) {
            mounts.add(mount("tmpfs", "/tmp", "nosuid", "nodev", "mode=1777", "size=" + temporary));
        }
        for (ZoneSpec.Bind bind : spec.binds()) {
            mounts.add(bind(bind));
        }
        for (ZoneSpec.Volume volume : spec.volumes()) {
            mounts.add(bind(new ZoneSpec.Bind(place(root, spec, volume), volume.target(), volume.readOnly())));
        }
        for (ZoneSpec.Device device : spec.devices()) {
            mounts.add(bind(place(root, spec, device), device.target(), "nosuid", "noexec", "rw"));
        }
        return Json.Arr.of(mounts.stream());
    }

    /** Where a volume is mounted for the runtime to find it. */
    static Path place(Path root, ZoneSpec spec, ZoneSpec.Volume volume) {
        return root.resolveSibling("volume" + spec.volumes().indexOf(volume));
    }

    /** The same of a device. */
    static Path place(Path root, ZoneSpec spec, ZoneSpec.Device device) {
        return root.resolveSibling("device" + spec.devices().indexOf(device));
    }

    private static Json.Obj mount(String type, String destination, String... options) {
        return Json.object()
                .with("destination", destination)
                .with("type", type)
                .with("source", type)
                .with("options", Json.Arr.ofStrings(List.of(options)));
    }

    private static Json.Obj bind(ZoneSpec.Bind bind) {
        return bind(bind.source(), bind.target(), "nosuid", "nodev", bind.readOnly() ? "ro" : "rw");
    }

    private static Json.Obj bind(Path source, String target, String... options) {
        return Json.object()
                .with("destination", target)
                .with("type", "bind")
                .with("source", source.toString())
                .with(
                        "options",
                        Json.Arr.ofStrings(Stream.concat(Stream.of("bind"), Stream.of(options))
                                .toList()));
    }

    /** crun(1) takes the compiled filter, and then leaves out the compiling; others see the profile. */
    private Json.Obj annotations() {
        return Json.object().with("run.oci.seccomp_bpf_data", filter().program());
    }

    private Seccomp.Filter filter() {
        return seccomp.forCapabilities(
                new LinkedHashSet<>(Privileges.capabilities(spec.init(), spec.removedPrivileges())));
    }

    private Json.Obj linux() {
        Json.Arr ids = Json.Arr.of(Stream.of(Json.object()
                .with("containerID", 0)
                .with("hostID", spec.ids().base())
                .with("size", IdRange.SIZE)));
        List<Json.Obj> rules = new ArrayList<>();
        rules.add(Json.object().with("allow", false).with("access", "rwm"));
        spec.devices()
                .forEach(device -> rules.add(Json.object()
                        .with("allow", true)
                        .with("type", device.kind() == FileStat.Kind.BLOCK ? "b" : "c")
                        .with("major", device.number().major())
                        .with("minor", device.number().minor())
                        .with("access", "rw")));
        return Json.object()
                .with(
                        "namespaces",
                        Json.Arr.of(
                                NAMESPACES.stream().map(type -> Json.object().with("type", type))))
                .with("uidMappings", ids)
                .with("gidMappings", ids)
                .with("cgroupsPath", cgroup)
                .with("resources", Json.object().with("devices", Json.Arr.of(rules.stream())))
                .with("seccomp", filter().profile())
                .with("maskedPaths", Json.Arr.ofStrings(MASKED))
                .with("readonlyPaths", Json.Arr.ofStrings(READ_ONLY));
    }
}
