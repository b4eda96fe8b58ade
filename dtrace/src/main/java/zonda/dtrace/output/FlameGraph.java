package zonda.dtrace.output;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Stacks and how often each was counted, as a picture: SVG in which a function is as wide as the time below it. */
final class FlameGraph {
    private static final int WIDTH = 1200;
    private static final int ROW = 16;
    private static final int MARGIN = 10;
    private static final double THINNEST = 0.1;
    private static final double CHARACTER = 6.6;

    /** A function among those that the same callers called. */
    private static final class Frame {
        private final Map<String, Frame> callees = new TreeMap<>();
        private long count;
    }

    private final Frame root = new Frame();
    private final StringBuilder out = new StringBuilder();
    private int deepest;

    private FlameGraph() {}

    /** @param stacks frames, outermost first, with their counts */
    static String svg(Map<List<String>, Long> stacks) {
        var graph = new FlameGraph();
        stacks.forEach(graph::add);
        return graph.draw();
    }

    private void add(List<String> frames, long count) {
        Frame at = root;
        at.count += count;
        for (String frame : frames) {
            at = at.callees.computeIfAbsent(frame, _ -> new Frame());
            at.count += count;
        }
        deepest = Math.max(deepest, frames.size());
    }

    private String draw() {
        int height = (deepest + 1) * ROW + 2 * MARGIN;
        frame("all", root, 0, WIDTH, 0);
        return String.format(
                        Locale.ROOT,
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"monospace\""
                                + " font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#f8f8f8\"/>\n",
                        WIDTH + 2 * MARGIN,
                        height)
                + out
                + "</svg>\n";
    }

    private void frame(String name, Frame frame, double x, double width, int depth) {
        double y = MARGIN + (double) (deepest - depth) * ROW;
        String text = escaped(name);
        int room = (int) ((width - 4) / CHARACTER);
        String shown = room < 3 ? "" : name.length() <= room ? text : escaped(name.substring(0, room - 2)) + "..";
        out.append(String.format(
                Locale.ROOT,
                "<g><title>%s: %d (%.1f%%)</title><rect x=\"%.1f\" y=\"%.0f\" width=\"%.1f\" height=\"%d\" fill=\"%s\""
                        + " stroke=\"#f8f8f8\"/><text x=\"%.1f\" y=\"%.0f\">%s</text></g>\n",
                text,
                frame.count,
                100.0 * frame.count / Math.max(1, root.count),
                MARGIN + x,
                y,
                width,
                ROW,
                colour(name),
                MARGIN + x + 2,
                y + 12,
                shown));
        double left = x;
        for (Map.Entry<String, Frame> callee : frame.callees.entrySet()) {
            double part = width * callee.getValue().count / Math.max(1, frame.count);
            if (part >= THINNEST) {
                frame(callee.getKey(), callee.getValue(), left, part, depth + 1);
            }
            left += part;
        }
    }

    /** Warm for the kernel, cool for programs, and the same for the same name. */
    private static String colour(String name) {
        int hash = name.hashCode() & 0xff;
        return name.startsWith("vmlinux`")
                ? String.format(Locale.ROOT, "#%02x%02x40", 220 + hash % 36, 120 + hash % 100)
                : String.format(Locale.ROOT, "#60%02x%02x", 150 + hash % 80, 190 + hash % 60);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
