package zonda.network;

import java.util.List;
import java.util.stream.IntStream;
import zonda.base.Cidr;
import zonda.base.Code;
import zonda.base.OpException;

/** Finds a network for the embedded etherstub that no route of the host leads to. */
final class FreeNetwork {
    private FreeNetwork() {}

    /**
     * The first 10.99.N.0/24 that overlaps none of the given networks. A default route overlaps everything and is left
     * out.
     *
     * @throws OpException CONFLICT when all are taken
     */
    static Cidr choose(List<Cidr> taken) {
        return IntStream.range(0, 256)
                .mapToObj(n -> Cidr.parse("10.99." + n + ".0/24"))
                .filter(candidate -> clash(candidate, taken).isEmpty())
                .findFirst()
                .orElseThrow(() -> new OpException(
                        Code.CONFLICT,
                        "no free network for the embedded etherstub: the host has routes into all of 10.99.0.0/16"));
    }

    /** The given networks that share addresses with the candidate. */
    static List<Cidr> clash(Cidr candidate, List<Cidr> taken) {
        return taken.stream()
                .filter(network -> network.prefix() > 0)
                .filter(candidate::overlaps)
                .toList();
    }
}
