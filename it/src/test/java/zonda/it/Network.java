package zonda.it;

import java.nio.charset.StandardCharsets;
import zonda.base.Json;

/** The embedded network of an instance, which it chooses among those that are free. */
record Network(String beginning) {
    static Network of(Instance zonda) {
        String text = new String(
                Instance.read(zonda.root().resolve("var/lib/zonda/network/network.json")), StandardCharsets.UTF_8);
        String address =
                Json.parseObject(text).array("etherstubs").objects().getFirst().string("address", "");
        return new Network(address.substring(0, address.lastIndexOf('.') + 1));
    }

    /** An address below the range that is given by DHCP. @param host from 2 to 63 */
    String address(int host) {
        return beginning + host;
    }
}
