package zonda.network;

/** How a zone's end may get addresses that nobody gave it here: the values of dladm(8)'s dynamic-methods. */
public enum DynamicMethod {
    /** From a DHCP server of the network: an address counts when such a server acknowledged it to the NIC's MAC. */
    DHCPV4,
    /** As {@link #DHCPV4}, and it is a machine's guest that asks. */
    GUEST_DHCPV4,
    /** From a router's advertisements, RFC 4862: any prefix, with the interface identifier of the NIC's MAC. */
    ADDRCONF
}
