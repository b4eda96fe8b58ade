package zonda.images;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import zonda.base.Bytes;

/**
 * Progress as text for stderr. On a terminal one line is drawn over and over, with a bar, the rate and the time left; a
 * step that took longer than a second leaves a line behind. Elsewhere there is a line when a step begins and one when it
 * ends.
 *
 * <p>Any thread may call it, and its steps. A step is drawn anew at most ten times a second, when it advances; steps
 * whose size nobody knows show that they live when {@link #tick} is called.
 */
public final class ProgressText implements Progress {
    private static final Duration REDRAW = Duration.ofMillis(100);
    private static final Duration WORTH_A_LINE = Duration.ofSeconds(1);
    private static final String ERASE = "\r\u001b[K";
    private static final String SPINNER = "|/-\\";
    private static final int BAR = 20;

    private final Form form;
    private final InstantSource clock;
    private final Consumer<String> out;
    private final Consumer<String> said;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Running> running = new ArrayList<>();
    private long lastDrawn;
    private boolean isDrawn;
    private int turns;

    /**
     * Where it is shown.
     *
     * @param isTerminal whether a line can be drawn over
     * @param width columns, at least 20
     */
    public record Form(boolean isTerminal, int width) {
        public Form {
            width = Math.max(20, width);
        }
    }

    /** @param out takes text as it is to be written, line ends included */
    public ProgressText(Form form, InstantSource clock, Consumer<String> out) {
        this(form, clock, out, out);
    }

    /** @param said takes what is said, when that goes elsewhere than the progress */
    public ProgressText(Form form, InstantSource clock, Consumer<String> out, Consumer<String> said) {
        this.said = said;
        this.form = form;
        this.clock = clock;
        this.out = out;
    }

    @Override
    public void say(String line) {
        locked(() -> {
            erase();
            said.accept(line + "\n");
            draw();
        });
    }

    @Override
    public Step begin(String name, long total) {
        var step = new Running(name, total, clock.millis());
        locked(() -> {
            running.add(step);
            if (form.isTerminal()) {
                redraw();
            } else {
                out.accept(name + (total > 0 ? " (" + Bytes.of(total).human() + ")" : "") + "\n");
            }
        });
        return step;
    }

    /** Draws again, if it is time: to be called now and then while nothing else happens. */
    public void tick() {
        locked(this::redraw);
    }

    private void locked(Runnable work) {
        lock.lock();
        try {
            work.run();
        } finally {
            lock.unlock();
        }
    }

    private void redraw() {
        if (form.isTerminal() && (!isDrawn || clock.millis() - lastDrawn >= REDRAW.toMillis())) {
            erase();
            draw();
        }
    }

    private void erase() {
        if (isDrawn) {
            out.accept(ERASE);
            isDrawn = false;
        }
    }

    private void draw() {
        if (form.isTerminal() && !running.isEmpty()) {
            String line = running.getFirst().line();
            out.accept(line.substring(0, Math.min(line.length(), form.width() - 1)));
            isDrawn = true;
            lastDrawn = clock.millis();
        }
    }

    /** One step; all its fields are under the lock. */
    private final class Running implements Step {
        private final String name;
        private final long total;
        private final long begun;
        private long done;
        private boolean closed;

        Running(String name, long total, long begun) {
            this.name = name;
            this.total = total;
            this.begun = begun;
        }

        @Override
        public void advance(long bytes) {
            locked(() -> {
                done = Math.max(0, done + bytes);
                redraw();
            });
        }

        @Override
        public void close() {
            locked(() -> {
                if (closed) {
                    return;
                }
                closed = true;
                running.remove(this);
                erase();
                if (!form.isTerminal() || elapsed() >= WORTH_A_LINE.toMillis()) {
                    out.accept(summary() + "\n");
                }
                draw();
            });
        }

        private long elapsed() {
            return clock.millis() - begun;
        }

        private String line() {
            if (total <= 0) {
                char turn = SPINNER.charAt(turns++ % SPINNER.length());
                return turn + " " + name + (done > 0 ? "  " + Bytes.of(done).human() + rate() : "");
            }
            int percent = (int) Math.min(100, done * 100 / total);
            int filled = percent * BAR / 100;
            String bar = "=".repeat(filled) + (filled < BAR ? ">" + " ".repeat(BAR - filled - 1) : "");
            return name + "  [" + bar + "] " + String.format(Locale.ROOT, "%3d%%", percent) + "  "
                    + Bytes.of(total).human() + rate() + left();
        }

        private String rate() {
            return elapsed() < 200
                    ? ""
                    : "  " + Bytes.of(done * 1000 / elapsed()).human() + "/s";
        }

        private String left() {
            if (done <= 0 || done >= total || elapsed() < 500) {
                return "";
            }
            double perByte = (double) elapsed() / done;
            return "  ETA " + time((long) (perByte * (total - done)));
        }

        private String summary() {
            String amount = done > 0 ? Bytes.of(done).human() + " in " : "";
            return name + ": " + amount + time(elapsed());
        }
    }

    /** {@code 0.4s}, {@code 12s}, {@code 3m05s}, {@code 1h02m}. */
    static String time(long millis) {
        long seconds = Math.round(millis / 1000.0);
        if (millis < 9950) {
            return String.format(Locale.ROOT, "%.1fs", millis / 1000.0);
        }
        if (seconds < 60) {
            return seconds + "s";
        }
        return seconds < 3600
                ? String.format(Locale.ROOT, "%dm%02ds", seconds / 60, seconds % 60)
                : String.format(Locale.ROOT, "%dh%02dm", seconds / 3600, seconds % 3600 / 60);
    }
}
