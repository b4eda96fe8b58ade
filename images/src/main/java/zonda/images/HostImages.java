package zonda.images;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import zonda.storage.Datasets;

/**
 * The images of each pool of a host. Pools come and go while it runs; the first one stays, and with it go the sources,
 * which all share. Any thread may call it.
 */
public final class HostImages {
    private static final System.Logger LOG = System.getLogger(HostImages.class.getName());

    private final Pools pools;
    private final Environment environment;
    private final Map<String, OfPool> known = new LinkedHashMap<>();

    /** The pools that are open. */
    public interface Pools {
        /** Their names, the host's first one first. */
        List<String> names();

        Optional<Datasets> find(String name);
    }

    /** What the images of all pools work with. */
    @FunctionalInterface
    public interface Environment {
        Images.Setup setup(ImageStore store);
    }

    /** The images of a pool for as long as it is open. */
    private record OfPool(Datasets datasets, Images images) {}

    public HostImages(Pools pools, Environment environment) {
        this.pools = pools;
        this.environment = environment;
    }

    /** Finishes or takes back what an earlier process left in the open pools; to be called once, before anything else. */
    public void recover() {
        all();
    }

    /** Those of the host's first pool. */
    public Images first() {
        return of(pools.names().getFirst());
    }

    /** @throws ImageException INTERNAL_ERROR naming a pool that isn't there */
    public Images of(String pool) {
        return find(pool)
                .orElseThrow(() -> new ImageException(ImageError.INTERNAL_ERROR, "no such zpool: \"" + pool + "\""));
    }

    /** Those of a pool that is open. What an earlier process left in it has been settled. */
    public Optional<Images> find(String pool) {
        return pools.find(pool).map(datasets -> {
            synchronized (known) {
                return known.compute(
                                pool,
                                (_, before) -> before != null && before.datasets() == datasets
                                        ? before
                                        : new OfPool(datasets, open(pool, datasets)))
                        .images();
            }
        });
    }

    private Images open(String pool, Datasets datasets) {
        var images = new Images(environment.setup(new DatasetImages(pool, datasets)));
        Images.Recovered recovered = images.recover();
        if (!recovered.unknown().isEmpty()) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "partial images in " + pool + " that nobody knows of are left alone: " + recovered.unknown());
        }
        if (!recovered.failed().isEmpty()) {
            LOG.log(System.Logger.Level.WARNING, "images that could not be recovered: " + recovered.failed());
        }
        return images;
    }

    /** Those of every pool, the first one's first. */
    public List<Images> all() {
        return pools.names().stream().flatMap(name -> find(name).stream()).toList();
    }

    /** Those of the pool that is named, or else of all. */
    public List<Images> all(Optional<String> pool) {
        return pool.map(name -> List.of(of(name))).orElseGet(this::all);
    }

    /**
     * Those of the pool that is named, or else of the one pool that has the image, or the first when none has.
     *
     * @throws ImageException INTERNAL_ERROR when several have it
     */
    public Images holding(UUID image, Optional<String> pool) {
        if (pool.isPresent()) {
            return of(pool.get());
        }
        List<Images> holders =
                all().stream().filter(images -> images.find(image).isPresent()).toList();
        if (holders.size() > 1) {
            throw new ImageException(
                    ImageError.INTERNAL_ERROR,
                    "image " + image + " is in several zpools ("
                            + String.join(
                                    ", ", holders.stream().map(Images::pool).toList()) + "); say which with -P");
        }
        return holders.isEmpty() ? first() : holders.getFirst();
    }

    /**
     * The image that an operator means, as {@link Images#resolve}, in any of these pools.
     *
     * @throws ImageException INVALID_UUID when none fits, or several do
     */
    public UUID resolve(String word, Optional<String> pool) {
        ImageException failure = null;
        for (Images images : all(pool)) {
            try {
                return images.resolve(word);
            } catch (ImageException e) {
                failure = e;
            }
        }
        throw failure == null ? new IllegalStateException("a host has a pool") : failure;
    }
}
