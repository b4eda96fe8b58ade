/**
 * Links, addresses and their protection: the part of Crossbow that zones need to be on a network. It serves
 * nictagadm(8), {@code dladm create-etherstub} and {@code create-vnic}, the link protection of dladm(8), and vmadm(8)'s
 * {@code nics} and {@code routes}.
 *
 * <p>A NIC is a veth(4) pair; its host end is a port of the Linux bridge that stands for the etherstub or NIC tag. All
 * enforcement is at the host end, which is down until its protection is in place: whatever root in the zone does to its
 * own end, only its own MAC and addresses come out. On the embedded etherstub the global zone routes with NAT, gives
 * addresses and answers names. On other networks a DHCP client of ours, or the zone's kernel, gets them from there.
 *
 * <p>Several instances live side by side; each knows what is its own by link groups and names that derive from its
 * prefix ({@link zonda.network.NetworkInstance}), and touches nothing else. The exceptions are {@code
 * net.ipv4.ip_forward}, which is remembered and put back, and the ports that zones get on a bridge of someone else.
 * {@code net.bridge.bridge-nf-call-*} is left as it is: our rules run before br_netfilter, so it can't bypass them, and
 * switching it off would take the firewall from others' bridges. Where it is on, a firewall of the host that drops
 * forwarded packets drops those between zones too.
 *
 * <p>Threads: none of its own. Every change runs on a platform thread, since netlink waits for the kernel's locks. Lock
 * order: {@code Networks} (shared or exclusive), {@code Nics.bridges}, {@code Leases}; the machine-wide file lock of
 * {@code Forwarding} is held for its own files only. A zone's calls come from its lane.
 *
 * <p>It is not a firewall (that is fwadm's), not ipadm or flowadm, and it doesn't know what else a zone is. Conflicts
 * between VMs' NICs are the {@code vm} module's to refuse.
 */
package zonda.network;
