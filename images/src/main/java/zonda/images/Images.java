package zonda.images;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import zonda.base.Journal;
import zonda.images.web.Web;
import zonda.images.web.WebSettings;

/**
 * imgadm(8): the images of one pool, and the sources they come from. Any thread may call it; what it answers was so at
 * some moment during the call.
 */
public final class Images {
    private final Setup setup;
    private final Records records;
    private final Installation installation;
    private final Sources sources;
    private final Offers offers;
    private final Imports imports;
    private final Creations creations;
    private final Appliances appliances;

    /**
     * What it works with.
     *
     * @param network how sources are spoken to
     */
    public record Setup(
            ImgadmPaths paths, ImageStore store, Journal journal, InstantSource clock, WebSettings network) {
        /** @param environment where {@code http_proxy} and its like are looked up */
        public Setup(
                ImgadmPaths paths,
                ImageStore store,
                Journal journal,
                InstantSource clock,
                Map<String, String> environment) {
            this(paths, store, journal, clock, WebSettings.of(environment));
        }

        Web web(boolean insecure) {
            return Web.open(network, insecure);
        }
    }

    public Images(Setup setup) {
        this.setup = setup;
        this.records = new Records(setup.paths(), setup.store().pool());
        this.installation = new Installation(setup, records);
        this.sources = new Sources(setup.paths(), source -> Offers.ping(setup, source));
        this.offers = new Offers(setup, sources);
        this.imports = new Imports(setup, records, installation, offers);
        this.creations = new Creations(setup, installation);
        this.appliances = new Appliances(setup, creations, installation);
    }

    /**
     * What recovery did.
     *
     * @param completed images whose interrupted installation was finished
     * @param discarded images whose interrupted installation was taken back
     * @param deleted images whose interrupted deletion was finished
     * @param unknown images with a partial dataset that nobody knows of: they are left as they are
     * @param failed a line for each that couldn't be recovered, and will be tried again at the next start
     */
    public record Recovered(
            List<UUID> completed, List<UUID> discarded, List<UUID> deleted, Set<UUID> unknown, List<String> failed) {}

    /** Finishes or takes back what an earlier process left; to be called once, before anything else. */
    public Recovered recover() {
        imports.dropOldDownloads();
        return installation.recover();
    }

    /** The name of their pool. */
    public String pool() {
        return setup.store().pool();
    }

    public Sources sources() {
        return sources;
    }

    /** What the sources offer. */
    public Offers offers() {
        return offers;
    }

    /** Brings images into the pool from elsewhere. */
    public Imports imports() {
        return imports;
    }

    /** Brings manifests up to date. */
    public Refreshing refreshing() {
        return new Refreshing(records, installation, offers);
    }

    /** Puts images on that server. */
    public ImagePublisher publisher(Source server) {
        return new ImagePublisher(setup, server);
    }

    /** Makes images here. */
    public Creations creations() {
        return creations;
    }

    /** Makes images of VMs. */
    public ImagesOfVms ofVms() {
        return new ImagesOfVms(setup, installation, creations);
    }

    /** Making images of other hypervisors' machines. */
    public Appliances appliances() {
        return appliances;
    }

    /** The installed ones, {@code imgadm list}. */
    public List<ListedImage> list() {
        return records.all().stream().filter(this::isThere).map(this::listed).toList();
    }

    private boolean isThere(InstalledImage image) {
        return setup.store().state(image.uuid()) == ImageStore.State.INSTALLED;
    }

    private ListedImage listed(InstalledImage image) {
        return new ListedImage(
                image.manifest(),
                Optional.of(image.zpool()),
                image.source(),
                setup.store().dependents(image.uuid()),
                Optional.of(setup.store().used(image.uuid())));
    }

    public Optional<InstalledImage> find(UUID uuid) {
        return installation.find(uuid);
    }

    /** {@code imgadm get}. @throws ImageException IMAGE_NOT_INSTALLED */
    public InstalledImage get(UUID uuid) {
        return find(uuid).orElseThrow(() -> ImageException.notInstalled(uuid, pool()));
    }

    /** VMs and images made from it; {@code imgadm get -r}. */
    public List<String> dependents(UUID uuid) {
        return setup.store().dependents(get(uuid).uuid());
    }

    /**
     * An installed image as a file that others install. One that came as a stream is the same stream again, so that what
     * is incremental to it is so there, too.
     *
     * @throws ImageException IMAGE_NOT_INSTALLED, ORIGIN_NOT_INSTALLED
     */
    NewImage again(UUID uuid) {
        Manifest manifest = get(uuid).manifest();
        manifest.origin().filter(above -> find(above).isEmpty()).ifPresent(above -> {
            throw ImageException.originNotInstalled(above, pool());
        });
        Manifest bare = Manifest.of(manifest.json().without("files").with("state", "active"));
        return new NewImage(bare, content(manifest), Packing.GZIP);
    }

    private NewImage.Content content(Manifest manifest) {
        ImageStore store = setup.store();
        Optional<ImageStore.DiskStreams> disks = store.diskStreams(manifest);
        return disks.isPresent()
                ? new DeviceToSend(disks.get(), pool() + "/" + manifest.uuid() + "@final", manifest.origin())
                : new FilesToSend(
                        store.content(manifest.uuid()),
                        manifest.isDisk(),
                        manifest.origin().map(store::content));
    }

    /** Where the files are that were made so. */
    Path servedFolder() {
        return setup.paths().served();
    }

    /** Where the image's dataset is in its life: what {@code vmadm create} asks before it clones. */
    public ImageStore.State state(UUID uuid) {
        return setup.store().state(uuid);
    }

    /**
     * The installed image that an operator means: a UUID, the beginning of one, {@code name@version}, or a docker
     * repository with or without a tag, as far as only one fits.
     *
     * @throws ImageException INVALID_UUID when none fits, or several do
     */
    public UUID resolve(String word) {
        if (ManifestRules.isUuid(word)) {
            return UUID.fromString(word);
        }
        List<UUID> fitting = list().stream()
                .map(ListedImage::manifest)
                .filter(manifest -> fits(manifest, word))
                .map(Manifest::uuid)
                .toList();
        if (fitting.size() != 1) {
            throw new ImageException(
                    ImageError.INVALID_UUID,
                    "invalid uuid: \"" + word + "\""
                            + (fitting.isEmpty() ? "" : ": " + fitting.size() + " images fit"));
        }
        return fitting.getFirst();
    }

    private static boolean fits(Manifest manifest, String word) {
        String repository = manifest.tags().string("docker:repo", "");
        boolean isDocker = !repository.isEmpty()
                && (word.equals(repository)
                        || word.startsWith(repository + ":")
                                && manifest.tags().has("docker:tag:" + word.substring(repository.length() + 1)));
        return isDocker
                || word.length() >= 4 && manifest.uuid().toString().startsWith(word)
                || word.equals(manifest.name() + "@" + manifest.version());
    }

    /**
     * {@code imgadm ancestry}: the image, its origin, the origin's, and so on.
     *
     * @throws ImageException IMAGE_NOT_INSTALLED, ORIGIN_NOT_INSTALLED
     */
    public List<InstalledImage> ancestry(UUID uuid) {
        var ancestry = new ArrayList<>(List.of(get(uuid)));
        while (ancestry.getLast().manifest().origin().isPresent() && ancestry.size() < 1000) {
            UUID origin = ancestry.getLast().manifest().origin().get();
            ancestry.add(find(origin).orElseThrow(() -> ImageException.originNotInstalled(origin, pool())));
        }
        return ancestry;
    }

    /**
     * {@code imgadm delete}.
     *
     * @return what imgadm prints
     * @throws ImageException IMAGE_NOT_INSTALLED, IMAGE_HAS_DEPENDENT_CLONES
     */
    public String delete(UUID uuid) {
        installation.delete(uuid);
        return "Deleted image " + uuid;
    }

    /** {@code imgadm vacuum}: the images that nothing was made from. */
    public List<InstalledImage> unused() {
        return records.all().stream()
                .filter(this::isThere)
                .filter(image -> setup.store().dependents(image.uuid()).isEmpty())
                .toList();
    }
}
