package zonda.commands;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import zonda.storage.DatasetProperty;
import zonda.storage.DatasetProperty.Value;

/** How zfs(8) and zpool(8) print: what stands in a column, and columns side by side. */
final class ZfsColumns {
    private static final DateTimeFormatter CREATION =
            DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm yyyy", Locale.ROOT);

    private ZfsColumns() {}

    /** @param exact whether numbers are as they are, for programs ({@code -p}) */
    static String text(DatasetProperty.Value value, boolean exact) {
        return switch (value) {
            case Value.Text(String text) -> text;
            case Value.Size(var bytes) -> exact ? String.valueOf(bytes.value()) : ZfsNumbers.human(bytes.value());
            case Value.Count(long number) -> String.valueOf(number);
            case Value.Many(var number) when number.isEmpty() -> exact ? Long.toUnsignedString(-1) : "none";
            case Value.Many(var number) ->
                exact ? String.valueOf(number.getAsLong()) : ZfsNumbers.count(number.getAsLong());
            case Value.NoLimit() -> exact ? "0" : "none";
            case Value.Time(long seconds) -> exact ? String.valueOf(seconds) : time(Instant.ofEpochSecond(seconds));
        };
    }

    /** As creation times are printed. */
    static String time(Instant time) {
        return CREATION.format(time.atZone(ZoneId.systemDefault()));
    }

    /** Among a dataset's properties, that of a name. */
    static Optional<DatasetProperty> find(List<DatasetProperty> properties, String name) {
        return properties.stream()
                .filter(property -> property.name().equals(name))
                .findFirst();
    }

    /**
     * Rows under their headers: each column as wide as its widest text, two blanks between, nothing behind the last one.
     *
     * @param right which columns are aligned to the right
     */
    static String table(List<List<String>> rows, List<Boolean> right) {
        List<Integer> widths = new ArrayList<>();
        for (int i = 0; i < right.size(); i++) {
            int column = i;
            widths.add(rows.stream()
                    .mapToInt(row -> row.get(column).length())
                    .max()
                    .orElse(0));
        }
        var out = new StringBuilder();
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                int blanks = widths.get(i) - row.get(i).length();
                boolean last = i == row.size() - 1;
                out.repeat(' ', right.get(i) ? blanks : 0).append(row.get(i));
                out.repeat(' ', right.get(i) || last ? 0 : blanks).append(last ? "\n" : "  ");
            }
        }
        return out.toString();
    }

    /** Rows for programs: tabs, and no header ({@code -H}). */
    static String tabbed(List<List<String>> rows) {
        var out = new StringBuilder();
        rows.forEach(row -> out.append(String.join("\t", row)).append('\n'));
        return out.toString();
    }
}
