package zonda.kernel;

import java.net.InetAddress;
import java.util.Optional;
import zonda.base.Cidr;

/**
 * A unicast route of the main table.
 *
 * @param destination where to; {@code 0.0.0.0/0} or {@code ::/0} for the default route
 * @param gateway through whom; empty when the destination is on the link itself
 * @param link the index of the interface it leaves by, or 0 when the kernel is to find it
 */
public record Route(Cidr destination, Optional<InetAddress> gateway, int link) {}
