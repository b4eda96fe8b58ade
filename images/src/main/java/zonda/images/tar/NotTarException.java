package zonda.images.tar;

/** It isn't an archive at all, but something else that images are made of. */
public final class NotTarException extends TarException {
    public NotTarException(String message) {
        super(message);
    }
}
