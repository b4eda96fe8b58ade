package zonda.commands;

import java.io.IOException;
import java.io.InputStream;
import java.util.UUID;
import zonda.kvm.SerialPort;
import zonda.zones.Console;
import zonda.zones.Zones;

/** Joins a caller's terminal to a zone's console until the caller types the way out, or the zone ends. */
public final class ConsoleRelay {
    /** How to leave. */
    enum Escape {
        /** A tilde and a dot at the beginning of a line: zlogin(1). */
        TILDE_DOT("~."),
        /** Control and right bracket, as vmadm(8) has it. */
        CONTROL_BRACKET("^]");

        private final String words;

        Escape(String words) {
            this.words = words;
        }

        String words() {
            return words;
        }
    }

    private final Zones zones;

    public ConsoleRelay(Zones zones) {
        this.zones = zones;
    }

    /**
     * Something that is typed at and that shows text.
     *
     * @param end lets go of it
     */
    record Line(InputStream output, Keys keys, Size size, Runnable end) implements AutoCloseable {
        interface Keys {
            void type(byte[] keys, int length);
        }

        interface Size {
            void resize(int rows, int columns);
        }

        @Override
        public void close() {
            end.run();
        }
    }

    void relay(Session session, UUID zone, Escape escape) {
        Console console = zones.console(zone);
        relay(session, zone, new Line(console.output(), console::type, console::resize, console::close), escape);
    }

    /** The first serial port of a machine; its guest can't be told of a size. */
    static Line of(SerialPort port) {
        return new Line(port.output(), port::type, (_, _) -> {}, port::close);
    }

    void relay(Session session, UUID zone, Line line, Escape escape) {
        try (Line console = line) {
            session.err("[Connected to zone '" + zone + "' console; leave with " + escape.words() + "]");
            if (session.inputIsTerminal()) {
                session.raw(size -> console.size().resize(size.rows(), size.columns()));
            }
            Thread shown = Thread.ofVirtual().name("console").start(() -> show(console, session));
            session.onHangup(shown::interrupt);
            type(session.in(), console, new EscapeFilter(escape));
        } catch (IOException e) {
            session.err("console: " + e.getMessage());
        }
        session.err("\r\n[Connection to zone '" + zone + "' console closed]");
    }

    private static void show(Line console, Session session) {
        try {
            console.output().transferTo(session.outStream());
        } catch (IOException | RuntimeException e) {
            // The console was closed, or the caller is gone: typing ends too.
        }
        session.endInput();
    }

    private static void type(InputStream in, Line console, EscapeFilter filter) throws IOException {
        byte[] keys = new byte[1024];
        int length = in.read(keys);
        while (length >= 0) {
            EscapeFilter.Passed passed = filter.pass(keys, length);
            if (passed.keys().length > 0) {
                console.keys().type(passed.keys(), passed.keys().length);
            }
            if (passed.left()) {
                return;
            }
            length = in.read(keys);
        }
    }
}
