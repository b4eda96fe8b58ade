package zonda.images;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import zonda.images.oci.Descriptor;
import zonda.images.oci.Digest;
import zonda.images.oci.ImageSource;
import zonda.images.oci.OciImage;
import zonda.images.tar.TreeUnpacker;
import zonda.kernel.Blocking;

/** Fetches the layers of an image and unpacks them one over another: the next ones come while one is unpacked. */
final class OciUnpacking {
    private static final int AT_A_TIME = 3;

    private final ImageSource source;
    private final OciImage image;
    private final Path downloads;

    /** @param downloads prefix of the files that layers are fetched to: directory, and how their names begin */
    OciUnpacking(ImageSource source, OciImage image, Path downloads) {
        this.source = source;
        this.image = image;
        this.downloads = downloads;
    }

    void into(Path root, Progress progress) throws IOException {
        var turns = new Semaphore(AT_A_TIME);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
                Progress.Step download = progress.begin("Download layers", image.size())) {
            // A layer may occur twice; it is fetched once.
            Map<Digest, Future<ImageSource.Blob>> fetched = new HashMap<>();
            List<Future<ImageSource.Blob>> blobs = new ArrayList<>();
            for (Descriptor layer : image.layers()) {
                blobs.add(fetched.computeIfAbsent(
                        layer.digest(),
                        _ -> threads.submit(() -> {
                            turns.acquire();
                            try {
                                return source.layer(layer, file(layer), download::advance);
                            } finally {
                                turns.release();
                            }
                        })));
            }
            try {
                unpack(root, blobs, progress);
            } finally {
                threads.shutdownNow();
            }
        }
    }

    /** Where a layer is fetched to; kept after a failure, for the next attempt. */
    Path file(Descriptor layer) {
        return downloads.resolveSibling(
                downloads.getFileName() + "." + layer.digest().hex());
    }

    private void unpack(Path root, List<Future<ImageSource.Blob>> blobs, Progress progress) throws IOException {
        try (Progress.Step step = progress.begin("Unpack layers", 0);
                TreeUnpacker unpacker = TreeUnpacker.into(root)) {
            for (Future<ImageSource.Blob> next : blobs) {
                ImageSource.Blob blob = await(next);
                onPlatformThread(() -> {
                    unpacker.layer(blob.open(), step::advance);
                    return true;
                });
            }
            onPlatformThread(unpacker::finish);
        }
    }

    /** One file system call after another: not on a virtual thread's carrier. */
    static <T> T onPlatformThread(Callable<T> work) throws IOException {
        try {
            return Blocking.call(work);
        } catch (IllegalStateException e) {
            if (e.getCause() instanceof IOException reason) {
                throw reason;
            }
            throw e;
        }
    }

    private ImageSource.Blob await(Future<ImageSource.Blob> next) throws IOException {
        try {
            return next.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException reason ->
                    throw new ImageException(
                            ImageError.DOWNLOAD_ERROR,
                            "import from " + source.location() + ": " + reason.getMessage(),
                            e);
                case RuntimeException reason -> throw reason;
                case Error reason -> throw reason;
                case Throwable reason -> throw new IllegalStateException(reason);
                case null -> throw new AssertionError(e);
            }
        }
    }
}
