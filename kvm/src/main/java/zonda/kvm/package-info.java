/**
 * Hardware virtual machines by QEMU: what a machine is made of, the command line that runs it, and the protocol that it
 * is controlled by while it runs (QMP, docs/interop/qmp-spec.txt of QEMU).
 *
 * <p>This module starts no machine: QEMU runs as the only program of a zone, which module zones makes, so that whoever
 * breaks out of a guest finds himself in a zone with its disks, its taps and its sockets, and nothing else. Each
 * connection has a thread that reads; calls may come from any thread.
 */
@NullMarked
package zonda.kvm;

import org.jspecify.annotations.NullMarked;
