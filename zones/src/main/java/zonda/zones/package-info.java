/**
 * OS virtual machines on Linux: what zoneadmd and the brands do on SmartOS (zones(7), zoneadm(8), zlogin(1)).
 *
 * <p>Java writes an OCI bundle; crun, or runc where crun can't, makes the namespaces and starts the zone's first process;
 * conmon holds its console, log and exit status, so that the daemon may come and go. Every zone has user, pid, mount,
 * network, uts, ipc and cgroup namespaces of its own: root in a zone is an ordinary, unprivileged user outside.
 *
 * <p>Threads: one platform thread watches for zones that end; everything else runs on its caller's. The operations on one
 * zone must not overlap: the caller holds that zone's lane. There are no locks.
 *
 * <p>It is not: properties, payloads, images or networks. What must happen to a zone between its creation and its first
 * instruction, its NICs above all, is the caller's, through {@link zonda.zones.BootStep}.
 */
package zonda.zones;
