/**
 * Virtual machines: what vmadm(8) does, apart from its words.
 *
 * <p>The property table ({@code properties.tsv}) drives how payloads are read, checked, completed, listed and explained.
 * {@link zonda.vm.Vms} carries the lifecycle out: every change is a journaled saga on the VM's own lane, so a daemon that
 * is killed anywhere leaves a VM that the next one completes or removes.
 *
 * <p>Threads: callers' virtual threads wait on a lane per VM; one platform thread watches for zones that end; a virtual
 * thread per provisioning VM waits for it. Readers take the record in {@link zonda.vm.VmStore}, no lock. Lock order: a
 * lane, then the store; never a second lane while holding one.
 *
 * <p>It is not: the runtime (zonda.zones), datasets, images, links. It tells those what to do and in which order.
 */
package zonda.vm;
