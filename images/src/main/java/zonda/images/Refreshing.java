package zonda.images;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import zonda.base.Json;

/** Brings the manifests of installed images to what their sources say now: {@code imgadm update}. */
public final class Refreshing {
    /** What tells of the file, which an installed image doesn't change with. */
    private static final Set<String> OF_FILE = Set.of("files", "origin", "type");

    private final Records records;
    private final Installation installation;
    private final Offers offers;

    Refreshing(Records records, Installation installation, Offers offers) {
        this.records = records;
        this.installation = installation;
        this.offers = offers;
    }

    /**
     * @param asked all images when empty
     * @param dry only says what would be
     * @return how many are other than before, or would be
     * @throws ImageException IMAGE_NOT_INSTALLED
     */
    public int update(List<UUID> asked, boolean dry, Progress progress) {
        List<InstalledImage> images = asked.isEmpty()
                ? records.all().stream()
                        .filter(image -> image.source().isPresent())
                        .toList()
                : asked.stream().map(this::require).toList();
        int changed = 0;
        for (InstalledImage image : images) {
            if (update(image, dry, progress)) {
                changed++;
            }
        }
        return changed;
    }

    private InstalledImage require(UUID uuid) {
        return installation.find(uuid).orElseThrow(() -> ImageException.notInstalled(uuid, "zones"));
    }

    private boolean update(InstalledImage image, boolean dry, Progress progress) {
        String title = image.manifest().title();
        Json.Obj offered;
        try {
            offered = offers.find(image.uuid(), sources(image)).manifest().json();
        } catch (ImageException e) {
            progress.say("warning: image " + title + " is left as it is: " + e.getMessage());
            return false;
        }
        Json.Obj merged = offered;
        for (String name : OF_FILE) {
            var own = image.manifest().json().get(name);
            merged = own.isPresent() ? merged.with(name, own.get()) : merged.without(name);
        }
        List<String> fields = different(image.manifest().json(), merged);
        if (fields.isEmpty()) {
            return false;
        }
        Manifest manifest = Manifest.of(merged);
        if (!dry) {
            installation.change(image.uuid(), known -> new InstalledImage(manifest, known.zpool(), known.source()));
        }
        progress.say((dry ? "Would update image " : "Updated image ") + title + ": " + String.join(", ", fields));
        return true;
    }

    /** The one that it came from, as long as that is configured. */
    private List<Source> sources(InstalledImage image) {
        List<Source> own = offers.configured().stream()
                .filter(source -> image.source().filter(source.shown()::equals).isPresent())
                .toList();
        return own.isEmpty() ? offers.configured() : own;
    }

    private static List<String> different(Json.Obj before, Json.Obj after) {
        Set<String> names = new TreeSet<>(before.members().keySet());
        names.addAll(after.members().keySet());
        return new ArrayList<>(names)
                .stream()
                        .filter(name -> !before.get(name).equals(after.get(name)))
                        .toList();
    }
}
