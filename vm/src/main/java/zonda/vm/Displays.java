package zonda.vm;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kvm.DisplayPort;
import zonda.kvm.Qemu;

/**
 * The displays of machines that run, beyond their sockets: a TCP port at the host's admin address for each, if the host
 * has one: vmadm(8), vnc_port and spice_port. The caller holds the VM's lane.
 */
final class Displays {
    private static final System.Logger LOG = System.getLogger(Displays.class.getName());
    private static final int FIRST_PORT = 5900;

    private final HvmControl control;
    private final Optional<InetAddress> admin;
    private final Map<UUID, Map<Kind, Opened>> open = new ConcurrentHashMap<>();

    Displays(HvmControl control, Optional<InetAddress> admin) {
        this.control = control;
        this.admin = admin;
    }

    /** By which protocol a display is looked at, and where the emulator speaks it. */
    enum Kind {
        VNC("vnc", Qemu.DISPLAY, Qemu.GUARDED_DISPLAY),
        SPICE("spice", Qemu.SPICE, Qemu.SPICE);

        private final String word;
        private final String socket;
        private final String guarded;

        Kind(String word, String socket, String guarded) {
            this.word = word;
            this.socket = socket;
            this.guarded = guarded;
        }

        static Optional<Kind> find(String word) {
            return Stream.of(values()).filter(kind -> kind.word.equals(word)).findFirst();
        }

        /** As vmadm and QMP call it. */
        String word() {
            return word;
        }

        long port(VmConfig vm) {
            return vm.properties().integer(word + "_port", 0);
        }

        Optional<String> password(VmConfig vm) {
            return vm.properties().string(word + "_password").filter(text -> !text.isEmpty());
        }

        /** Whether the VM's machine has such a display at all. */
        boolean isOf(VmConfig vm) {
            return this == VNC || hasSpice(vm);
        }

        /** Options of the operator's own bring their own displays, and none that is told a password. */
        private boolean isGuardable(VmConfig vm) {
            return isOf(vm)
                    && (this != VNC || vm.properties().string("qemu_opts").isEmpty());
        }

        private String socket(VmConfig vm) {
            return password(vm).isPresent() ? guarded : socket;
        }

        /** SPICE has no display that asks nobody. */
        private boolean isServed(VmConfig vm) {
            return isOf(vm) && port(vm) >= 0 && (this == VNC || password(vm).isPresent());
        }
    }

    /** QXL is the card that SPICE is for. */
    static boolean hasSpice(VmConfig vm) {
        return vm.properties().string("vga", "").equals("qxl") && Kind.SPICE.port(vm) >= 0;
    }

    /** A port, or why there is none. */
    private record Opened(Optional<DisplayPort> port, String problem) {}

    /** Whether what is served is another after a change. */
    static boolean differ(VmConfig before, VmConfig after) {
        for (Kind kind : Kind.values()) {
            if (kind.port(before) != kind.port(after) || !kind.password(before).equals(kind.password(after))) {
                return true;
            }
        }
        return false;
    }

    /** Serves the displays of a machine that has begun to run; a port that isn't free leaves it without. */
    void open(VmConfig vm) {
        close(vm.uuid());
        Map<Kind, Opened> opened = new EnumMap<>(Kind.class);
        for (Kind kind : Kind.values()) {
            try {
                listen(vm, kind).ifPresent(port -> opened.put(kind, new Opened(Optional.of(port), "")));
            } catch (OpException e) {
                LOG.log(System.Logger.Level.WARNING, "VM " + vm.uuid() + ": " + kind.word() + ": " + e.getMessage());
                opened.put(kind, new Opened(Optional.empty(), String.valueOf(e.getMessage())));
            }
        }
        open.put(vm.uuid(), opened);
    }

    private Optional<DisplayPort> listen(VmConfig vm, Kind kind) {
        if (admin.isEmpty() || !kind.isServed(vm)) {
            return Optional.empty();
        }
        var address = new InetSocketAddress(admin.get(), (int) kind.port(vm));
        return Optional.of(DisplayPort.open(address, control.socket(vm, kind.socket(vm))));
    }

    /** Serves them as the VM says now; who looks is hung up on. @throws OpException CONFLICT when a port isn't free */
    void reopen(VmConfig vm) {
        tellPasswords(vm);
        open(vm);
        open.getOrDefault(vm.uuid(), Map.of()).values().stream()
                .filter(opened -> opened.port().isEmpty())
                .findFirst()
                .ifPresent(opened -> {
                    throw new OpException(Code.CONFLICT, opened.problem());
                });
    }

    /** As {@link #tellPasswords}; a machine that can't be told runs all the same, and lets nobody in. */
    void tellPasswordsIfItListens(VmConfig vm) {
        try {
            tellPasswords(vm);
        } catch (OpException e) {
            LOG.log(System.Logger.Level.WARNING, "VM " + vm.uuid() + ": " + e.getMessage());
        }
    }

    /** The emulator lets nobody in who has to know a password before it knows that itself. */
    private void tellPasswords(VmConfig vm) {
        for (Kind kind : Kind.values()) {
            if (kind.isGuardable(vm)) {
                kind.password(vm).ifPresent(password -> control.setPassword(vm, kind, password));
            }
        }
    }

    void close(UUID vm) {
        Map<Kind, Opened> opened = open.remove(vm);
        if (opened != null) {
            opened.values().forEach(one -> one.port().ifPresent(DisplayPort::close));
        }
    }

    /** {@code vmadm info}: where a display is to be found. */
    Json.Obj info(VmConfig vm, Kind kind) {
        Path socket = control.socket(vm, kind.socket);
        Json.Obj told = Json.object().with("socket", socket.toString());
        Opened opened = open.getOrDefault(vm.uuid(), Map.of()).get(kind);
        if (opened == null) {
            return told;
        }
        if (opened.port().isEmpty()) {
            return told.with("error", opened.problem());
        }
        int port = opened.port().get().number();
        told = told.with("host", admin.orElseThrow().getHostAddress()).with("port", port);
        if (kind == Kind.VNC) {
            told = told.with("display", port - FIRST_PORT);
        }
        Optional<String> password = kind.password(vm);
        return password.isPresent() ? told.with("password", password.get()) : told;
    }

    /** Of a VM that runs: why a port that it is to have isn't there. */
    List<String> problems(VmConfig vm) {
        List<String> problems = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            Opened opened = open.getOrDefault(vm.uuid(), Map.of()).get(kind);
            if (opened != null && opened.port().isEmpty()) {
                problems.add("its " + kind.word() + " display has no TCP port: " + opened.problem());
            } else if (admin.isEmpty() && kind.isServed(vm) && kind.port(vm) > 0) {
                problems.add("its " + kind.word() + " display has no TCP port: this host has no admin_address: "
                        + "zondad.json(5)");
            } else if (kind.password(vm).isPresent() && kind.isServed(vm) && !kind.isGuardable(vm)) {
                problems.add("its " + kind.word() + " display lets nobody in: with qemu_opts it has no password");
            }
        }
        return problems;
    }
}
