package zonda.images;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import zonda.base.Json;

/**
 * Which images are shown, in which order and columns: the options {@code -H -o -s} and the filters of {@code imgadm
 * list} and {@code avail}.
 *
 * @param columns fields, by their lower-case names
 * @param sort fields; those with a minus before them in falling order
 */
public record ImageTable(List<String> columns, List<String> sort, boolean header) {
    public static final List<String> COLUMNS = List.of("uuid", "name", "version", "os", "type", "pub");

    /** Of {@code imgadm list --docker}. */
    public static final List<String> DOCKER_COLUMNS =
            List.of("uuid", "docker_repo", "docker_tags", "docker_short_id", "pub");

    /** Of {@code imgadm ancestry}. */
    public static final List<String> ANCESTRY_COLUMNS = List.of("uuid", "name", "version", "published");

    public static final List<String> SORT = List.of("published_at", "name");

    /** @throws ImageException USAGE when there is no such field */
    public ImageTable {
        columns = List.copyOf(columns);
        sort = List.copyOf(sort);
        columns.forEach(ImageTable::check);
        sort.forEach(field -> check(field.startsWith("-") ? field.substring(1) : field));
    }

    private static void check(String field) {
        if (!ListedImage.isField(field)) {
            throw ImageException.usage("unknown field: \"" + field + "\"");
        }
    }

    /**
     * What images must be like: {@code FIELD=VALUE}, {@code FIELD=~SUBSTRING}; all of them.
     *
     * @throws ImageException USAGE
     */
    public static Predicate<ListedImage> filter(List<String> filters) {
        return filters.stream().map(ImageTable::filter).reduce(_ -> true, Predicate::and);
    }

    private static Predicate<ListedImage> filter(String text) {
        int equals = text.indexOf('=');
        if (equals <= 0) {
            throw ImageException.usage("invalid filter: \"" + text + "\" is not FIELD=VALUE");
        }
        String field = text.substring(0, equals);
        String value = text.substring(equals + 1);
        check(field);
        if (value.startsWith("~")) {
            return image -> words(image, field).stream().anyMatch(word -> word.contains(value.substring(1)));
        }
        return image -> words(image, field).contains(value)
                || value.equals("false") && image.field(field).isEmpty() && isBoolean(field);
    }

    private static boolean isBoolean(String field) {
        return List.of("disabled", "public", "activated", "generate_passwords").contains(field);
    }

    /** What a filter may be equal to: of a list, any item. */
    private static List<String> words(ListedImage image, String field) {
        Optional<Json> value = image.field(field);
        if (field.equals("docker_tags")) {
            return value.map(tags -> List.of(((Json.Str) tags).value().split(",")))
                    .orElse(List.of());
        }
        if (value.isPresent() && value.get() instanceof Json.Arr array) {
            return array.strings();
        }
        return value.map(one -> one instanceof Json.Str(String text) ? text : one.compact())
                .map(List::of)
                .orElse(List.of());
    }

    /** In the order asked for; of what is equal in that, in the order given. */
    public List<ListedImage> sorted(List<ListedImage> images) {
        Comparator<ListedImage> order = (_, _) -> 0;
        for (String field : sort) {
            boolean falling = field.startsWith("-");
            String name = falling ? field.substring(1) : field;
            Comparator<ListedImage> by = (a, b) -> compare(a.field(name), b.field(name));
            order = order.thenComparing(falling ? by.reversed() : by);
        }
        return images.stream().sorted(order).toList();
    }

    private static int compare(Optional<Json> a, Optional<Json> b) {
        if (a.isEmpty() || b.isEmpty()) {
            return Boolean.compare(a.isPresent(), b.isPresent());
        }
        if (a.get() instanceof Json.Num(var one) && b.get() instanceof Json.Num(var other)) {
            return one.compareTo(other);
        }
        return a.get() instanceof Json.Str(String one) && b.get() instanceof Json.Str(String other)
                ? one.compareTo(other)
                : a.get().compact().compareTo(b.get().compact());
    }

    /** The lines of the table: columns two blanks apart, the last one not filled. */
    public List<String> lines(List<ListedImage> images) {
        List<List<String>> rows = new ArrayList<>();
        if (header) {
            rows.add(columns.stream().map(name -> name.toUpperCase(Locale.ROOT)).toList());
        }
        for (ListedImage image : sorted(images)) {
            rows.add(columns.stream().map(image::text).toList());
        }
        int[] widths = new int[columns.size()];
        rows.forEach(row -> {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(List<String> row, int[] widths) {
        var line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            line.append(row.get(i));
            if (i < widths.length - 1) {
                line.repeat(' ', widths[i] - row.get(i).length() + 2);
            }
        }
        return line.toString();
    }
}
