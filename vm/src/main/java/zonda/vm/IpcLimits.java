package zonda.vm;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongFunction;
import zonda.kernel.Command;

/**
 * The limits of a VM on System V IPC, which are parameters of its IPC namespace: proc_sys_kernel(5). They hold for the
 * VM's programs; its root can change them.
 */
final class IpcLimits {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** SmartOS' default, for which the kernel's own limits stand. */
    private static final long USUAL = 4096;

    /** More there can not be: IPCMNI of linux/ipc_namespace.h. */
    private static final long MOST = 32_768;

    private static final long MOST_MIB = 1L << 40;
    private static final int PAGES_IN_MIB = 256;

    /** SEMMSL, SEMNS and SEMOPM of linux/sem.h. */
    private static final String SEMAPHORES = "32000 1024000000 500 ";

    private static final Map<String, String> KERNELS =
            Map.of("msgmni", "32000", "shmmni", "4096", "sem", SEMAPHORES + "32000", "shmall", "18446744073692774399");

    private IpcLimits() {}

    /** Sets them for a VM that boots. @param init a process of it */
    static void apply(VmConfig vm, long init) {
        write(of(vm), init);
    }

    /** Sets what an update has changed for a VM that runs. */
    static void update(VmConfig before, VmConfig after, long init) {
        Map<String, String> old = of(before);
        Map<String, String> changed = new TreeMap<>(of(after));
        old.keySet().forEach(name -> changed.putIfAbsent(name, KERNELS.getOrDefault(name, "")));
        changed.entrySet().removeAll(old.entrySet());
        write(changed, init);
    }

    private static void write(Map<String, String> parameters, long init) {
        parameters.forEach((name, value) -> {
            // Since Linux 6.10 they belong to the namespace's root, before to the host's.
            if (!tee(init, name, value, "--user").run(LIMIT).succeeded()) {
                tee(init, name, value).check(LIMIT);
            }
        });
    }

    private static Command tee(long init, String name, String value, String... more) {
        return Command.of("nsenter", "--target", String.valueOf(init), "--ipc")
                .with(more)
                .with("--", "tee", "/proc/sys/kernel/" + name)
                .input(value);
    }

    private static Map<String, String> of(VmConfig vm) {
        var parameters = new TreeMap<String, String>();
        put(parameters, "msgmni", ids(vm, "max_msg_ids"), ids -> String.valueOf(Math.min(ids, MOST)));
        put(parameters, "shmmni", ids(vm, "max_shm_ids"), ids -> String.valueOf(Math.min(ids, MOST)));
        put(parameters, "sem", ids(vm, "max_sem_ids"), ids -> SEMAPHORES + Math.min(ids, MOST));
        // As much as the VM's memory needs no limit of its own: what is shared counts in that.
        Optional<Long> memory = vm.properties()
                .integer("max_shm_memory")
                .filter(mib -> mib != vm.properties().integer("max_physical_memory", 0));
        put(parameters, "shmall", memory, mib -> String.valueOf(Math.min(mib, MOST_MIB) * PAGES_IN_MIB));
        return parameters;
    }

    private static void put(
            Map<String, String> parameters, String parameter, Optional<Long> limit, LongFunction<String> value) {
        limit.ifPresent(number -> parameters.put(parameter, value.apply(number)));
    }

    private static Optional<Long> ids(VmConfig vm, String property) {
        return vm.properties().integer(property).filter(limit -> limit != USUAL);
    }
}
