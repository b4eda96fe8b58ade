package zonda.vm;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import zonda.base.Await;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.kvm.LiveDisks;
import zonda.kvm.Qemu;
import zonda.kvm.Qmp;

/** What is asked of the QEMU of a hardware VM that runs. Any thread may ask; a VM's answers one errand at a time. */
public final class HvmControl {
    private static final String RUNNING = "running";
    private static final String PAUSED = "paused";
    private static final Duration BOOT = Duration.ofSeconds(30);
    private static final Duration PRESS_AGAIN = Duration.ofSeconds(10);
    /** How long an emulator that does not answer any more may take to end. */
    private static final Duration ENDING = Duration.ofSeconds(5);
    /** vmadm's names of what it tells, and QMP's of the commands that ask for it. */
    private static final Map<String, String> QUERIES = new LinkedHashMap<>();

    static {
        QUERIES.put("block", "query-block");
        QUERIES.put("blockstats", "query-blockstats");
        QUERIES.put("chardev", "query-chardev");
        QUERIES.put("cpus", "query-cpus-fast");
        QUERIES.put("kvm", "query-kvm");
        QUERIES.put("pci", "query-pci");
        QUERIES.put("status", "query-status");
        QUERIES.put("version", "query-version");
    }

    private final Machinery machinery;
    private final Map<UUID, ReentrantLock> errands = new ConcurrentHashMap<>();

    HvmControl(Machinery machinery) {
        this.machinery = machinery;
    }

    /** A socket of the VM's QEMU on the host. */
    Path socket(VmConfig vm, String name) {
        return machinery.root(vm).resolve(Qemu.SOCKETS.toString().substring(1)).resolve(name);
    }

    private <T> T errand(VmConfig vm, Function<Qmp, T> work) {
        ReentrantLock lock = errands.computeIfAbsent(vm.uuid(), _ -> new ReentrantLock());
        lock.lock();
        try (Qmp qmp = Qmp.connect(socket(vm, Qemu.CONTROL))) {
            return work.apply(qmp);
        } finally {
            lock.unlock();
        }
    }

    void forget(UUID vm) {
        errands.remove(vm);
    }

    /** RunState, docs/interop/qmp-ref. @throws OpException FAILED */
    String status(VmConfig vm) {
        return errand(vm, HvmControl::status);
    }

    private static String status(Qmp qmp) {
        return qmp.execute("query-status") instanceof Json.Obj said ? said.string("status", "") : "";
    }

    /** Waits until the machine runs. @return false when it hasn't within half a minute, or its emulator ended */
    boolean awaitRunning(VmConfig vm) {
        return Await.until(BOOT, () -> !isEmulated(vm) || isRunning(vm)) && isEmulated(vm);
    }

    private boolean isEmulated(VmConfig vm) {
        return machinery.isUp(vm.uuid());
    }

    private boolean isRunning(VmConfig vm) {
        try {
            return status(vm).equals(RUNNING);
        } catch (OpException e) {
            // Its socket isn't there yet.
            return false;
        }
    }

    /** Presses the power button, again and again, until the guest has shut down or the time is over. */
    boolean powerDown(VmConfig vm, Duration limit) {
        long end = System.nanoTime() + limit.toNanos();
        while (isEmulated(vm) && System.nanoTime() < end) {
            press(vm, "system_powerdown");
            Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
            Await.until(left.compareTo(PRESS_AGAIN) < 0 ? left : PRESS_AGAIN, () -> !isEmulated(vm));
        }
        return !isEmulated(vm);
    }

    private void press(VmConfig vm, String button) {
        try {
            errand(vm, qmp -> qmp.execute(button));
        } catch (OpException e) {
            // An emulator that is ending answers nobody any more.
            if (!Await.until(ENDING, () -> !isEmulated(vm))) {
                throw e;
            }
        }
    }

    /**
     * Does something while the machine stands still; QEMU has written then all that the guest wrote, and the guest all that
     * it had in its memory if it runs an agent. A machine that stood still goes on standing still.
     */
    void still(VmConfig vm, Runnable work) {
        boolean frozen = hasAgent(vm) && Agents.freeze(vm.uuid(), socket(vm, Qemu.AGENT));
        try {
            errand(vm, qmp -> {
                boolean ran = status(qmp).equals(RUNNING);
                qmp.execute("stop");
                try {
                    work.run();
                } finally {
                    if (ran) {
                        qmp.execute("cont");
                    }
                }
                return true;
            });
        } finally {
            if (frozen) {
                Agents.thaw(vm.uuid(), socket(vm, Qemu.AGENT));
            }
        }
    }

    /** Has the machine stand still. @throws OpException FAILED */
    void pause(VmConfig vm) {
        errand(vm, qmp -> qmp.execute("stop"));
    }

    /** A machine that was paused goes on, and its clock, which stood still, is set if it runs an agent. */
    void wake(VmConfig vm, Instant now) {
        if (goOnIf(vm, PAUSED) && hasAgent(vm)) {
            Agents.setTime(vm.uuid(), socket(vm, Qemu.AGENT), now);
        }
    }

    /** A machine that an earlier daemon had stand still goes on. */
    void goOn(VmConfig vm) {
        goOnIf(vm, PAUSED);
        if (hasAgent(vm)) {
            Agents.thaw(vm.uuid(), socket(vm, Qemu.AGENT));
        }
    }

    /** A machine that stands still since writes to its disks failed goes on, with these. @see HaltedWrites */
    void tryWritesAgain(VmConfig vm) {
        goOnIf(vm, HaltedWrites.STATUS);
    }

    private boolean goOnIf(VmConfig vm, String status) {
        return errand(vm, qmp -> {
            boolean was = status(qmp).equals(status);
            if (was) {
                qmp.execute("cont");
            }
            return was;
        });
    }

    /** Whether a program of the guest's listens at the port of the guest agent. */
    private boolean hasAgent(VmConfig vm) {
        return errand(vm, qmp -> qmp.execute("query-chardev")) instanceof Json.Arr ports
                && ports.objects().stream()
                        .filter(port -> port.string("label", "").equals(Qemu.AGENT_PORT))
                        .anyMatch(port -> port.bool("frontend-open", false));
    }

    /** As the other, for who can ask again. */
    boolean hasAgentIfItAnswers(VmConfig vm) {
        try {
            return hasAgent(vm);
        } catch (OpException e) {
            return false;
        }
    }

    /** Changes what the machine has of its disks. @throws OpException FAILED */
    void disks(VmConfig vm, Consumer<LiveDisks> work) {
        errand(vm, qmp -> {
            work.accept(new LiveDisks(qmp));
            return true;
        });
    }

    /** Those that could not be written to. @throws OpException FAILED */
    List<Disks.Kept> failedDisks(VmConfig vm) {
        return errand(vm, qmp -> RunningDisks.failed(vm, new LiveDisks(qmp)));
    }

    /** From now on a display lets in who knows this. @throws OpException FAILED */
    void setPassword(VmConfig vm, Displays.Kind kind, String password) {
        Json.Obj arguments = Json.object().with("protocol", kind.word()).with("password", password);
        Json.Obj complete = kind == Displays.Kind.VNC ? arguments.with("display", Qemu.GUARDED) : arguments;
        errand(vm, qmp -> qmp.execute("set_password", complete));
    }

    /** @see Displays#reopen */
    void reloadDisplays(VmConfig vm) {
        machinery.displays().reopen(vm);
    }

    /** Presses the reset button. @throws OpException FAILED */
    void reset(VmConfig vm) {
        errand(vm, qmp -> qmp.execute("system_reset"));
    }

    /** sysrq nmi: interrupts each CPU, so that a guest that hangs says why. @throws OpException FAILED */
    public void interrupt(VmConfig vm) {
        errand(vm, qmp -> qmp.execute("inject-nmi"));
    }

    /** sysrq screenshot. @return the picture's file, on the host */
    public Path screenshot(VmConfig vm) {
        String name = "vm.ppm";
        errand(
                vm,
                qmp -> qmp.execute(
                        "screendump",
                        Json.object()
                                .with("filename", Qemu.SOCKETS.resolve(name).toString())));
        return socket(vm, name);
    }

    /**
     * {@code vmadm info}: what QEMU tells of each type.
     *
     * @param types all of the brand's when none is given
     * @throws OpException FAILED for a type that the brand hasn't
     */
    public Json.Obj info(VmConfig vm, List<String> types) {
        List<String> known = types(vm);
        List<String> wanted = types.isEmpty() || types.contains("all") ? known : types;
        wanted.stream().filter(type -> !known.contains(type)).findFirst().ifPresent(type -> {
            throw new OpException(Code.FAILED, "unknown info type " + type);
        });
        return errand(vm, qmp -> {
            Json.Obj told = Json.object();
            for (String type : wanted) {
                Json one = Displays.Kind.find(type)
                        .<Json>map(kind -> machinery.displays().info(vm, kind))
                        .orElseGet(() -> qmp.execute(QUERIES.getOrDefault(type, "")));
                told = told.with(type, one);
            }
            return told;
        });
    }

    private static List<String> types(VmConfig vm) {
        List<String> types = new ArrayList<>(vm.brand() == Brand.KVM ? QUERIES.keySet() : List.of());
        Stream.of(Displays.Kind.values())
                .filter(kind -> kind.isOf(vm))
                .map(Displays.Kind::word)
                .forEach(types::add);
        return types;
    }
}
