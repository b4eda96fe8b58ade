package zonda.commands;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.images.HostImages;
import zonda.images.ImageTable;
import zonda.images.Images;
import zonda.images.InstalledImage;
import zonda.images.ListedImage;
import zonda.images.Offers;

/** The commands of imgadm that only look. */
final class ImgadmListing {
    private static final String OPTIONS = "H j|json o= s= P=";

    private final HostImages images;

    ImgadmListing(HostImages images) {
        this.images = images;
    }

    void list(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, OPTIONS + " docker");
        List<ListedImage> installed = images.all(options.value("P")).stream()
                .flatMap(pool -> pool.list().stream())
                .toList();
        View.of(options, options.has("docker") ? ImageTable.DOCKER_COLUMNS : ImageTable.COLUMNS)
                .print(session, installed);
    }

    void avail(Session session, List<String> arguments) {
        View view = View.of(Getopt.parse(arguments, OPTIONS), ImageTable.COLUMNS);
        Offers.Available offered = images.first().offers().all();
        offered.problems().forEach(problem -> session.err("imgadm avail: warning: " + problem));
        view.print(session, offered.images());
    }

    /** Which images are shown, and how. */
    private record View(Predicate<ListedImage> wanted, ImageTable table, boolean isJson) {
        /** @throws OpException USAGE for a field that there isn't */
        static View of(Getopt options, List<String> columns) {
            List<String> order =
                    options.value("o").map(names -> List.of(names.split(","))).orElse(columns);
            List<String> sort =
                    options.value("s").map(names -> List.of(names.split(","))).orElse(ImageTable.SORT);
            return new View(
                    ImageTable.filter(options.operands()),
                    new ImageTable(order, sort, !options.has("H")),
                    options.has("j"));
        }

        void print(Session session, List<ListedImage> found) {
            List<ListedImage> shown = found.stream().filter(wanted).toList();
            session.out(
                    isJson
                            ? Json.Arr.of(table.sorted(shown).stream().map(ListedImage::json))
                                            .pretty() + "\n"
                            : lines(table.lines(shown)));
        }
    }

    private static String lines(List<String> lines) {
        var out = new StringBuilder();
        lines.forEach(line -> out.append(line.stripTrailing()).append('\n'));
        return out.toString();
    }

    void ancestry(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "H j|json o= P=");
        UUID uuid = image(options);
        Images pool = images.holding(uuid, options.value("P"));
        List<InstalledImage> chain = pool.ancestry(uuid);
        if (options.has("j")) {
            session.out(Json.Arr.of(chain.stream().map(InstalledImage::json)).pretty() + "\n");
            return;
        }
        List<ListedImage> listed = new ArrayList<>();
        for (InstalledImage ancestor : chain) {
            pool.list().stream()
                    .filter(image -> image.manifest().uuid().equals(ancestor.uuid()))
                    .forEach(listed::add);
        }
        List<String> order =
                options.value("o").map(names -> List.of(names.split(","))).orElse(ImageTable.ANCESTRY_COLUMNS);
        session.out(lines(new ImageTable(order, List.of(), !options.has("H")).lines(listed)));
    }

    void get(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "r P=");
        UUID uuid = image(options);
        Images pool = images.holding(uuid, options.value("P"));
        Json.Obj json = pool.get(uuid).json();
        if (options.has("r")) {
            json = json.with("children", Json.Arr.ofStrings(pool.dependents(uuid)));
        }
        session.out(json.pretty() + "\n");
    }

    void show(Session session, List<String> arguments) {
        UUID uuid = image(Getopt.parse(arguments, ""));
        Json.Obj manifest = images.all().stream()
                .flatMap(pool -> pool.find(uuid).stream())
                .map(image -> image.manifest().json())
                .findFirst()
                .orElseGet(() -> images.first().offers().show(uuid).manifest().json());
        session.out(manifest.pretty() + "\n");
    }

    private UUID image(Getopt options) {
        if (options.operands().size() != 1) {
            throw new OpException(Code.USAGE, "which image? give one UUID");
        }
        return images.resolve(options.operands().getFirst(), options.value("P"));
    }
}
