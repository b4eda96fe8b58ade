package zonda.dtrace.output;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import zonda.base.Json;
import zonda.dtrace.code.Action;
import zonda.dtrace.code.Action.Datum;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.Compiler.Layout;
import zonda.dtrace.code.Maps;
import zonda.dtrace.code.Options;
import zonda.dtrace.provider.Probe;
import zonda.dtrace.provider.View;
import zonda.dtrace.syntax.DError;

/** Turns records into what is printed and done, in the order of their times. */
public final class Consumer {
    private static final String[] FAULTS = {
        "unknown fault", "invalid address", "invalid alignment", "illegal operation", "divide-by-zero",
        "out of scratch space", "invalid kernel access", "invalid user access", "tuple stack overflow", "bad stack",
        "invalid size", "index out of bounds", "library-level fault",
    };

    /** The index of the fault that tells of an index. */
    private static final int OUT_OF_BOUNDS = 11;

    /** Characters that are not kept until a record is at its end. */
    private static final int MUCH = 1 << 16;

    /** Records between looks at what else there is to do: some 200 microseconds. */
    private static final int MEANWHILE = 256;

    /** Where things go. */
    public interface Outlet {
        /** Data, as it would be written to standard output. */
        void out(String text);

        /** A line for people. */
        void err(String line);

        /** Runs a command of system() to its end, behind all output so far. */
        void run(String command);

        /**
         * freopen(): a file for the output, or the first one again for an empty name.
         *
         * @return why it can't be, if so
         */
        Optional<String> reopen(String file);

        /** ftruncate(): empties the file that the output goes to, if it goes to one. */
        void truncate();
    }

    private final Options options;
    private final List<Layout> layouts;
    private final List<Probe> probes;
    private final Gathered outlet;
    private final Symbols symbols;
    private final Printf printf;
    private final Records records;
    private final Aggregations aggregations;
    private final Speculations speculations = new Speculations();
    private final Map<Integer, Integer> depths = new HashMap<>();
    /** For flowindent: the probe of each enabled one that was seen, and the last one of each processor. */
    private final Map<Integer, Integer> probeOf = new HashMap<>();

    private final Map<Integer, Integer> preceding = new HashMap<>();
    private final HeatMap heatMap = new HeatMap();
    /** Of each layout, whether it is with a commit() or a discard(). */
    private final boolean[] endsSpeculation;
    /** What a record prints. */
    private final StringBuilder line = new StringBuilder();

    private List<Aggregate> mapped = List.of();
    private int following = -1;
    private boolean header;
    private boolean json;
    private OptionalInt exit = OptionalInt.empty();

    public Consumer(
            Options options,
            List<Layout> layouts,
            List<Probe> probes,
            Aggregations.Source source,
            Enumerators enumerators,
            View view,
            Outlet outlet) {
        this.symbols = new Symbols(view);
        this.options = options;
        this.layouts = layouts;
        this.probes = probes;
        this.endsSpeculation = new boolean[layouts.size()];
        for (int i = 0; i < endsSpeculation.length; i++) {
            endsSpeculation[i] = layouts.get(i).endsSpeculation();
        }
        this.outlet = new Gathered(outlet);
        this.printf =
                new Printf(symbols, options.stringSize(), (int) options.number("stackindent"), options.most("blanks"));
        this.records = new Records(printf, options, enumerators);
        this.aggregations = new Aggregations(source, options, printf);
    }

    /** Names addresses of these processes also when they have ended. */
    public void remember(List<Long> processes) {
        processes.forEach(symbols::remember);
    }

    public Aggregations aggregations() {
        return aggregations;
    }

    /** The status of exit(), once it was consumed. */
    public OptionalInt exit() {
        return exit;
    }

    /** Lines of JSON instead of text, from now on. */
    public void json() {
        json = true;
    }

    /** A heat map is made of the distributions among these, with a column for each time that they are looked at. */
    public void heatMapOf(Collection<Aggregate> all) {
        mapped = List.copyOf(all);
    }

    /** As it is until now. */
    public String heatMap() {
        return heatMap.svg();
    }

    /** A flame graph of all stacks that were aggregated. */
    public String flameGraph(Collection<Aggregate> all) {
        aggregations.refresh();
        return FlameGraph.svg(aggregations.stacks(all));
    }

    private void jsonRecord(Layout layout, Probe probe, ByteBuffer record) {
        var view = new JsonView(printf, options.stringSize());
        var data = new ArrayList<Json>();
        var silent = new StringBuilder();
        for (Action action : layout.actions()) {
            switch (action) {
                case Action.Trace(Datum datum) -> data.add(view.datum(datum, record));
                case Action.Memory(Datum datum, var _) -> data.add(view.datum(datum, record));
                case Action.Symbols(Datum datum) -> data.add(view.datum(datum, record));
                case Action.Print(Datum datum, var _) -> data.add(view.datum(datum, record));
                case Action.PrintMade made -> made.data().forEach(datum -> data.add(view.datum(datum, record)));
                case Action.Printf(var format, List<Datum> all) ->
                    data.add(Json.of(printf.format(format, all, record)));
                case Action.Printa(var _, List<Aggregate> all) -> outlet.out(aggregations.json(all, view));
                default -> act(action, record, silent);
            }
        }
        outlet.out(Json.object()
                        .with("time", record.getLong(8))
                        .with("cpu", record.getInt(16))
                        .with("probe", probe.description())
                        .with("data", Json.Arr.of(data.stream()))
                        .compact()
                + "\n");
    }

    private boolean quiet() {
        return options.is("quiet");
    }

    /** The line above all records, printed once, before the first. With flowindent it is there in quiet mode, too. */
    private void header() {
        if (header) {
            return;
        }
        header = true;
        if (options.is("flowindent")) {
            outlet.out("CPU FUNCTION                                 \n");
        } else if (!quiet()) {
            outlet.out("CPU     ID                    FUNCTION:NAME\n");
        }
    }

    private static ByteBuffer buffer(byte[] record) {
        return ByteBuffer.wrap(record).order(ByteOrder.nativeOrder());
    }

    /**
     * Records of all processors since the last time, in any order.
     *
     * @param meanwhile done now and then between records
     */
    public void consume(List<byte[]> all, Runnable meanwhile) {
        try {
            consumeAll(all, meanwhile);
        } finally {
            outlet.flush();
        }
    }

    private void consumeAll(List<byte[]> all, Runnable meanwhile) {
        aggregations.refresh();
        if (!mapped.isEmpty()) {
            heatMap.add(System.nanoTime(), aggregations.distributions(mapped));
        }
        var sorted = new ArrayList<ByteBuffer>(all.size());
        for (byte[] record : all) {
            sorted.add(buffer(record));
        }
        sorted.sort(Comparator.comparingLong(record -> record.getLong(8)));
        for (int i = 0; i < sorted.size(); i++) {
            ByteBuffer data = sorted.get(i);
            following = options.is("flowindent") ? following(sorted, i) : -1;
            int speculation = data.getInt(20);
            if (speculation != 0) {
                speculations.add(speculation, data.array(), options.number("specsize"));
            } else {
                consume(data);
            }
            if (i % MEANWHILE == 0) {
                meanwhile.run();
            }
        }
    }

    /** The record after this one on its processor, for what a return looks like: its enabled probe, or -1. */
    private int following(List<ByteBuffer> sorted, int index) {
        int cpu = sorted.get(index).getInt(16);
        for (ByteBuffer data : sorted.subList(index + 1, sorted.size())) {
            if (data.getInt(16) == cpu && data.getInt(0) != Maps.FAULT_RECORD && data.getInt(20) == 0) {
                return epid(data);
            }
        }
        return -1;
    }

    private int epid(ByteBuffer record) {
        int epid = layouts.get(record.getInt(0)).firstEpid() + record.getInt(4);
        probeOf.put(epid, probes.get(record.getInt(4)).id());
        return epid;
    }

    private void consume(ByteBuffer record) {
        int id = record.getInt(0);
        if (id == Maps.FAULT_RECORD) {
            fault(record);
            return;
        }
        Layout layout = layouts.get(id);
        Probe probe = probes.get(record.getInt(4));
        if (json) {
            jsonRecord(layout, probe, record);
            return;
        }
        StringBuilder out = line;
        out.setLength(0);
        if (endsSpeculation[id]) {
            out = new StringBuilder();
            // What was speculated is shown, with what is in front and behind of it, and nothing of this one.
            for (Action action : layout.actions()) {
                act(action, record, out);
            }
            return;
        }
        header();
        if (!quiet() || options.is("flowindent")) {
            out.append(Values.padded(Integer.toString(record.getInt(16)), 3)).append(' ');
            out.append(prefix(probe, record));
        }
        for (Action action : layout.actions()) {
            act(action, record, out);
            if (out.length() > MUCH) {
                flush(out);
            }
        }
        if (!quiet()) {
            out.append('\n');
        }
        outlet.add(out);
    }

    private String prefix(Probe probe, ByteBuffer record) {
        if (!options.is("flowindent")) {
            return Values.padded(Integer.toString(probe.id()), 6) + " "
                    + Values.padded(probe.function() + ":" + probe.name(), 32) + " ";
        }
        int cpu = record.getInt(16);
        int epid = epid(record);
        int before = preceding.getOrDefault(cpu, -1);
        preceding.put(cpu, epid);
        // Of several clauses at one entry the first indents, at one return the last goes back.
        boolean entry = isEnd(probe.name(), "entry") && !isSame(before, epid, probe);
        boolean returns = isEnd(probe.name(), "return") && !isSame(following, epid, probe);
        boolean syscall = probe.provider().equals("syscall");
        int depth = depths.getOrDefault(cpu, 0);
        String mark = entry ? (syscall ? "=> " : "-> ") : returns ? (syscall ? "<= " : "<- ") : "| ";
        if (returns && depth > 0) {
            depth -= 2;
        }
        String text = " ".repeat(depth) + mark + probe.function() + (entry || returns ? "" : ":" + probe.name());
        if (entry) {
            depth += 2;
        }
        depths.put(cpu, depth);
        return Values.paddedRight(text, 41) + " ";
    }

    /** Whether another enabled probe is of the same probe. */
    private boolean isSame(int other, int epid, Probe probe) {
        return other >= 0 && other != epid && probeOf.getOrDefault(other, -1) == probe.id();
    }

    private static boolean isEnd(String name, String word) {
        return name.equals(word) || name.endsWith("-" + word);
    }

    private void act(Action action, ByteBuffer record, StringBuilder out) {
        switch (action) {
            case Action.Nothing() -> {}
            case Action.Trace(Datum datum) -> out.append(records.trace(datum, record, quiet(), options.is("rawbytes")));
            case Action.Memory(Datum datum, Optional<Datum> shown) -> out.append(records.memory(datum, shown, record));
            case Action.Symbols(Datum datum) -> out.append(records.symbols(datum, record));
            case Action.Printf(var format, List<Datum> data) -> printf.format(format, data, record, out);
            case Action.Print(Datum datum, var type) -> out.append(records.print(datum, type, record));
            case Action.PrintMade made -> out.append(records.print(made, record));
            case Action.Printa(var format, List<Aggregate> all) -> out.append(aggregations.printa(format, all));
            case Action.Exit(Datum status) -> exit = OptionalInt.of((int) number(status, record));
            case Action.Clear(Aggregate aggregate) -> aggregations.clear(aggregate);
            case Action.Trunc(Aggregate aggregate, Optional<Datum> keep) ->
                aggregations.trunc(aggregate, keep.map(datum -> number(datum, record)));
            case Action.Normalize(Aggregate aggregate, Optional<Datum> by) ->
                aggregations.normalize(
                        aggregate, by.map(datum -> number(datum, record)).orElse(1L));
            case Action.Command(var format, List<Datum> data) -> {
                flush(out);
                outlet.run(printf.format(format, data, record));
            }
            case Action.Reopen(var format, List<Datum> data) -> {
                flush(out);
                String file = printf.format(format, data, record);
                outlet.reopen(file).ifPresent(why -> complain(record, "couldn't freopen() \"" + file + "\": " + why));
            }
            case Action.Truncate() -> {
                out.setLength(0);
                outlet.truncate();
            }
            case Action.Commit(Datum use) ->
                speculations.end(record.getInt(use.offset())).forEach(held -> consume(buffer(held)));
            case Action.Discard(Datum use) -> speculations.end(record.getInt(use.offset()));
            case Action.Setopt(String name, String value) -> setopt(name, value, record);
        }
    }

    private void flush(StringBuilder out) {
        outlet.add(out);
        out.setLength(0);
    }

    private void setopt(String name, String value, ByteBuffer record) {
        try {
            options.setWhileTracing(name, value.isEmpty() ? Optional.empty() : Optional.of(value));
        } catch (DError e) {
            String why = e.text().substring(e.text().lastIndexOf(": ") + 2);
            String words = "couldn't set option \"" + name + "\" to \"" + (value.isEmpty() ? "1" : value) + "\": ";
            // As on illumos, with an empty line behind it.
            complain(record, words + why + "\n");
        }
    }

    /** Something that a clause asked for could not be done. */
    private void complain(ByteBuffer record, String words) {
        Probe probe = probes.get(record.getInt(4));
        int epid = layouts.get(record.getInt(0)).firstEpid() + record.getInt(4);
        outlet.err("dtrace: error on enabled probe ID " + epid + " (ID " + probe.id() + ": " + probe.description()
                + "): " + words);
    }

    private static long number(Datum datum, ByteBuffer record) {
        return Values.number(record, datum.offset(), datum.type());
    }

    private void fault(ByteBuffer record) {
        int epid = record.getInt(Maps.RECORD_HEADER);
        int action = record.getInt(Maps.RECORD_HEADER + 4);
        int code = (int) record.getLong(Maps.RECORD_HEADER + 8);
        long address = record.getLong(Maps.RECORD_HEADER + 16);
        Probe probe = probes.get(record.getInt(4));
        String fault = code > 0 && code < FAULTS.length ? FAULTS[code] : FAULTS[0];
        boolean addressed = code == 1 || code == 2 || code == 9;
        String index = code == OUT_OF_BOUNDS ? " (" + address + ")" : "";
        outlet.err("dtrace: error on enabled probe ID " + epid + " (ID " + probe.id() + ": " + probe.description()
                + "): "
                + fault + (addressed ? " (0x" + Long.toHexString(address) + ")" : index) + " in "
                + (action == 0 ? "predicate" : "action #" + action) + " at DIF offset " + 4 * Math.max(1, action));
    }

    /** What is printed at the very end. */
    public String remaining(Collection<Aggregate> all) {
        aggregations.refresh();
        return json
                ? aggregations.json(all, new JsonView(printf, options.stringSize()))
                : "\n" + aggregations.unprinted(all);
    }
}
