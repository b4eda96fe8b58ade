package zonda.commands;

import java.util.List;

/** Text in columns: two blanks between them, left aligned, trailing blanks cut. */
final class Table {
    private final StringBuilder out = new StringBuilder();

    /** Adds a row whose fields take at least the widths; a longer field pushes the rest to the right. */
    Table row(List<String> fields, List<Integer> widths) {
        var line = new StringBuilder();
        for (int i = 0; i < fields.size(); i++) {
            line.append(fields.get(i))
                    .repeat(' ', Math.max(0, widths.get(i) - fields.get(i).length()));
            line.append("  ");
        }
        out.append(line.toString().stripTrailing()).append('\n');
        return this;
    }

    String text() {
        return out.toString();
    }
}
