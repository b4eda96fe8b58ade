package zonda.dtrace.output;

import java.util.Optional;

/**
 * An outlet that writes much at once: what many records print would otherwise be a message to the caller for each. All
 * else that leaves the session does so in its place among the text.
 */
final class Gathered implements Consumer.Outlet {
    private static final int MUCH = 1 << 16;

    private final Consumer.Outlet outlet;
    private final StringBuilder text = new StringBuilder();

    Gathered(Consumer.Outlet outlet) {
        this.outlet = outlet;
    }

    void flush() {
        if (!text.isEmpty()) {
            String all = text.toString();
            text.setLength(0);
            outlet.out(all);
        }
    }

    @Override
    public void out(String more) {
        add(more);
    }

    void add(CharSequence more) {
        text.append(more);
        if (text.length() > MUCH) {
            flush();
        }
    }

    @Override
    public void err(String line) {
        flush();
        outlet.err(line);
    }

    @Override
    public void run(String command) {
        flush();
        outlet.run(command);
    }

    @Override
    public Optional<String> reopen(String name) {
        flush();
        return outlet.reopen(name);
    }

    @Override
    public void truncate() {
        flush();
        outlet.truncate();
    }
}
