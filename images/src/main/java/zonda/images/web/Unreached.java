package zonda.images.web;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Optional;
import java.util.stream.Stream;

/** Why a server was not reached, in words for who asked for it: the JDK's client often tells by its exceptions' types alone. */
final class Unreached {
    private Unreached() {}

    static String reason(URI uri, IOException e) {
        if (has(e, UnresolvedAddressException.class) || has(e, UnknownHostException.class)) {
            return "the name " + uri.getHost() + " has no address: is it spelled so, and does this host's DNS work?";
        }
        return Optional.ofNullable(e.getMessage())
                .orElseGet(() -> e instanceof ConnectException
                        ? "no connection: nothing listens at " + uri.getAuthority()
                                + " or at the proxy for it, or no way leads there"
                        : e.getClass().getSimpleName());
    }

    private static boolean has(Throwable e, Class<? extends Throwable> type) {
        return Stream.iterate(e, cause -> cause != null, Throwable::getCause).anyMatch(type::isInstance);
    }
}
