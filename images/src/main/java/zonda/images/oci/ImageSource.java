package zonda.images.oci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/** One image in a place where images are. */
public interface ImageSource extends AutoCloseable {
    /** How it is called there, for messages and for the record of where it came from. */
    String location();

    /** Repository names with tags that it goes by; none when nobody knows. */
    List<Name> names();

    /** What of a name is shown in {@code imgadm list --docker}. */
    record Name(String repository, Optional<String> tag) {}

    /** Reads its manifest and configuration. @throws OciException when it can't be run here */
    OciImage image() throws IOException;

    /**
     * Has a layer ready, and checked.
     *
     * @param file where to put it, if it must be fetched; what is there of it is used
     * @param progress called with numbers of bytes that are there
     */
    Blob layer(Descriptor layer, Path file, LongConsumer progress) throws IOException;

    /** A layer that is there. */
    @FunctionalInterface
    interface Blob {
        InputStream open() throws IOException;
    }

    @Override
    void close() throws IOException;
}
