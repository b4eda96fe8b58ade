package zonda.zones;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which of Linux' capabilities(7) a zone's root has, within its own user namespace, and which of them each illumos
 * privilege of limit_priv stands for (privileges(7)).
 */
public final class Privileges {
    /** What podman and docker give an ordinary container. */
    private static final List<String> APPLICATION = List.of(
            "CAP_CHOWN",
            "CAP_DAC_OVERRIDE",
            "CAP_FOWNER",
            "CAP_FSETID",
            "CAP_KILL",
            "CAP_NET_BIND_SERVICE",
            "CAP_SETFCAP",
            "CAP_SETGID",
            "CAP_SETPCAP",
            "CAP_SETUID",
            "CAP_SYS_CHROOT");

    /**
     * What a whole system needs besides: it mounts, configures its own network, traces its own processes and reboots
     * itself. All of it counts only for what belongs to the zone's user namespace. Never among them: modules, the clock,
     * raw I/O, resource limits, the kernel log, BPF and performance counters, mandatory access control.
     */
    private static final List<String> MACHINE = List.of(
            "CAP_AUDIT_WRITE",
            "CAP_DAC_READ_SEARCH",
            "CAP_IPC_LOCK",
            "CAP_IPC_OWNER",
            "CAP_LEASE",
            "CAP_LINUX_IMMUTABLE",
            "CAP_MKNOD",
            "CAP_NET_ADMIN",
            "CAP_NET_BROADCAST",
            "CAP_NET_RAW",
            "CAP_SYS_ADMIN",
            "CAP_SYS_BOOT",
            "CAP_SYS_NICE",
            "CAP_SYS_PTRACE",
            "CAP_SYS_TTY_CONFIG");

    private static final Map<String, List<String>> OF_PRIVILEGE = Map.ofEntries(
            Map.entry("file_chown", List.of("CAP_CHOWN")),
            Map.entry("file_dac_execute", List.of("CAP_DAC_OVERRIDE")),
            Map.entry("file_dac_read", List.of("CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH")),
            Map.entry("file_dac_search", List.of("CAP_DAC_READ_SEARCH")),
            Map.entry("file_dac_write", List.of("CAP_DAC_OVERRIDE")),
            Map.entry("file_owner", List.of("CAP_FOWNER")),
            Map.entry("file_setid", List.of("CAP_FSETID")),
            Map.entry("file_flag_set", List.of("CAP_LINUX_IMMUTABLE")),
            Map.entry("ipc_dac_read", List.of("CAP_IPC_OWNER")),
            Map.entry("ipc_dac_write", List.of("CAP_IPC_OWNER")),
            Map.entry("ipc_owner", List.of("CAP_IPC_OWNER")),
            Map.entry("net_icmpaccess", List.of("CAP_NET_RAW")),
            Map.entry("net_observability", List.of("CAP_NET_RAW")),
            Map.entry("net_privaddr", List.of("CAP_NET_BIND_SERVICE")),
            Map.entry("net_rawaccess", List.of("CAP_NET_RAW")),
            Map.entry("proc_audit", List.of("CAP_AUDIT_WRITE")),
            Map.entry("proc_chroot", List.of("CAP_SYS_CHROOT")),
            Map.entry("proc_lock_memory", List.of("CAP_IPC_LOCK")),
            Map.entry("proc_owner", List.of("CAP_KILL", "CAP_SYS_PTRACE")),
            Map.entry("proc_priocntl", List.of("CAP_SYS_NICE")),
            Map.entry("proc_setid", List.of("CAP_SETUID", "CAP_SETGID")),
            Map.entry("proc_taskid", List.of()),
            Map.entry("sys_admin", List.of("CAP_SYS_ADMIN")),
            Map.entry("sys_ip_config", List.of("CAP_NET_ADMIN")),
            Map.entry("sys_iptun_config", List.of("CAP_NET_ADMIN")),
            Map.entry("sys_mount", List.of("CAP_SYS_ADMIN")),
            Map.entry("sys_net_config", List.of("CAP_NET_ADMIN")),
            Map.entry("sys_ppp_config", List.of("CAP_NET_ADMIN")),
            // Privileges that a zone's processes never have here, or that Linux gives to everyone.
            Map.entry("dtrace_proc", List.of()),
            Map.entry("dtrace_user", List.of()),
            Map.entry("dtrace_kernel", List.of()),
            Map.entry("proc_clock_highres", List.of()),
            Map.entry("sys_acct", List.of()),
            Map.entry("sys_audit", List.of()),
            Map.entry("sys_nfs", List.of()),
            Map.entry("sys_resource", List.of()),
            Map.entry("sys_time", List.of()));

    /**
     * Privileges that no capability stands for: what every process of Linux may, and what none in a zone may, whatever is
     * said.
     */
    private static final Set<String> WITHOUT_CAPABILITY = Set.of(
            "contract_event",
            "contract_identity",
            "contract_observer",
            "cpc_cpu",
            "file_chown_self",
            "file_downgrade_sl",
            "file_link_any",
            "file_read",
            "file_upgrade_sl",
            "file_write",
            "graphics_access",
            "graphics_map",
            "hyprlofs_control",
            "net_access",
            "net_bindmlp",
            "net_mac_aware",
            "net_mac_implicit",
            "proc_exec",
            "proc_fork",
            "proc_info",
            "proc_prioup",
            "proc_secflags",
            "proc_session",
            "proc_zone",
            "sys_config",
            "sys_devices",
            "sys_dl_config",
            "sys_flow_config",
            "sys_ipc_config",
            "sys_linkdir",
            "sys_res_bind",
            "sys_res_config",
            "sys_smb",
            "sys_suser_compat",
            "sys_trans_label",
            "virt_manage",
            "xvm_control");

    private Privileges() {}

    /** The privileges of illumos: privileges(7). */
    public static Set<String> known() {
        var known = new TreeSet<>(OF_PRIVILEGE.keySet());
        known.addAll(WITHOUT_CAPABILITY);
        return known;
    }

    /** Whether a zone is the same with and without it. */
    public static boolean isWithoutEffect(String privilege) {
        return WITHOUT_CAPABILITY.contains(privilege);
    }

    static List<String> capabilities(InitProgram init, Set<String> removedPrivileges) {
        if (init instanceof InitProgram.Emulator) {
            return List.of();
        }
        var granted = new LinkedHashSet<>(APPLICATION);
        if (init instanceof InitProgram.Machine) {
            granted.addAll(MACHINE);
        }
        removedPrivileges.forEach(privilege -> granted.removeAll(OF_PRIVILEGE.getOrDefault(privilege, List.of())));
        return List.copyOf(granted);
    }
}
