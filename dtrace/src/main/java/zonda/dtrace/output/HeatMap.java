package zonda.dtrace.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * How distributions change over time, as a picture: SVG with a column for each time that they were looked at, a row for
 * each bucket, and the darker a field, the more values were in it.
 */
final class HeatMap {
    private static final int COLUMN = 12;
    private static final int ROW = 14;
    private static final int LEFT = 120;
    private static final int MARGIN = 20;
    private static final long SECOND = 1_000_000_000L;
    /** A picture with more would show nothing; the session goes on. */
    private static final int MOST_COLUMNS = 5000;

    /** What was counted between the time before and this one. */
    private record Column(long time, SortedMap<Long, Long> counts) {}

    private final List<Column> columns = new ArrayList<>();
    private SortedMap<Long, Long> before = new TreeMap<>();

    /** @param totals counts since the distributions began, by bucket */
    void add(long time, SortedMap<Long, Long> totals) {
        var counts = new TreeMap<Long, Long>();
        totals.forEach((bucket, total) -> {
            long known = before.getOrDefault(bucket, 0L);
            // Less than before: it was cleared in between, and all of it is new.
            long now = total >= known ? total - known : total;
            if (now > 0) {
                counts.put(bucket, now);
            }
        });
        before = totals;
        if (columns.size() < MOST_COLUMNS) {
            columns.add(new Column(time, counts));
        }
    }

    String svg() {
        var buckets = new TreeSet<Long>();
        columns.forEach(column -> buckets.addAll(column.counts().keySet()));
        List<Long> rows = new ArrayList<>(buckets.descendingSet());
        long most = columns.stream()
                .flatMap(column -> column.counts().values().stream())
                .mapToLong(Long::longValue)
                .max()
                .orElse(1);
        var out = new StringBuilder(String.format(
                Locale.ROOT,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"monospace\""
                        + " font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#f8f8f8\"/>\n",
                LEFT + columns.size() * COLUMN + MARGIN,
                rows.size() * ROW + 2 * MARGIN));
        for (int row = 0; row < rows.size(); row++) {
            out.append(text(LEFT - 6, MARGIN + row * ROW + ROW - 3, "end", Long.toString(rows.get(row))));
        }
        for (int i = 0; i < columns.size(); i++) {
            column(out, i, rows, most);
        }
        return out.append("</svg>\n").toString();
    }

    private void column(StringBuilder out, int index, List<Long> rows, long most) {
        Column column = columns.get(index);
        double seconds = (double) (column.time() - columns.getFirst().time()) / SECOND;
        int x = LEFT + index * COLUMN;
        if (index % 10 == 0) {
            out.append(text(x, rows.size() * ROW + 2 * MARGIN - 6, "start", "%.0fs".formatted(seconds)));
        }
        for (int row = 0; row < rows.size(); row++) {
            long count = column.counts().getOrDefault(rows.get(row), 0L);
            if (count > 0) {
                out.append(String.format(
                        Locale.ROOT,
                        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"%s\"><title>%.1fs, %d: %d</title>"
                                + "</rect>\n",
                        x,
                        MARGIN + row * ROW,
                        COLUMN - 1,
                        ROW - 1,
                        colour(count, most),
                        seconds,
                        rows.get(row),
                        count));
            }
        }
    }

    private static String text(int x, int y, String anchor, String words) {
        return String.format(
                Locale.ROOT, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\">%s</text>\n", x, y, anchor, words);
    }

    /** From pale to dark red by the logarithm, so that what is rare is seen beside what is not. */
    private static String colour(long count, long most) {
        double part = Math.log1p(count) / Math.log1p(most);
        return String.format(
                Locale.ROOT,
                "#%02x%02x%02x",
                255 - (int) (part * 115),
                220 - (int) (part * 220),
                200 - (int) (part * 200));
    }
}
