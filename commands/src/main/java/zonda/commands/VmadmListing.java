package zonda.commands;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.vm.Columns;
import zonda.vm.Query;
import zonda.vm.Vms;

/** {@code vmadm list} and {@code vmadm lookup}. */
final class VmadmListing {
    private static final String DEFAULT_ORDER = "uuid,type,ram,state,alias";
    private static final String DEFAULT_SORT = "ram,uuid";

    private final Vms vms;
    private final Columns columns = new Columns();
    private final Query query = new Query(columns);

    VmadmListing(Vms vms) {
        this.vms = vms;
    }

    void list(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "p|parsable H o|order= s|sort|sortby=");
        Predicate<Json.Obj> wanted = query.parse(options.operands(), "filter");
        List<Columns.Column> order = columns.parse(options.value("o").orElse(DEFAULT_ORDER), "order");
        List<Json.Obj> found = vms.list().stream()
                .filter(wanted)
                .sorted(columns.sort(options.value("s").orElse(DEFAULT_SORT)))
                .toList();
        session.out(options.has("p") ? parsable(found, order) : table(found, order, !options.has("H")));
    }

    private static String parsable(List<Json.Obj> found, List<Columns.Column> order) {
        var out = new StringBuilder();
        for (Json.Obj vm : found) {
            out.append(String.join(
                            ":", order.stream().map(column -> column.value(vm)).toList()))
                    .append('\n');
        }
        return out.toString();
    }

    private static String table(List<Json.Obj> found, List<Columns.Column> order, boolean header) {
        List<Integer> widths = order.stream().map(Columns.Column::width).toList();
        var table = new Table();
        if (header) {
            table.row(order.stream().map(Columns.Column::header).toList(), widths);
        }
        for (Json.Obj vm : found) {
            table.row(
                    order.stream()
                            .map(column -> column.value(vm))
                            .map(value -> value.isEmpty() ? "-" : value)
                            .toList(),
                    widths);
        }
        return table.text();
    }

    void lookup(Session session, List<String> arguments) {
        Getopt options = Getopt.parse(arguments, "j|json 1|unique o|fields=");
        if (options.has("o") && !options.has("j")) {
            throw new OpException(Code.USAGE, "Cannot specify -o without -j");
        }
        Predicate<Json.Obj> wanted = query.parse(options.operands(), "lookup");
        List<Json.Obj> found =
                vms.list().stream().filter(wanted).sorted(columns.sort("uuid")).toList();
        if (options.has("j")) {
            found = found.stream().map(Columns::listed).toList();
        }
        if (options.has("1") && found.size() != 1) {
            throw new OpException(Code.FAILED, "Requested unique lookup but found " + found.size() + " results.");
        }
        session.out(options.has("j") ? json(found, options.value("o")) : uuids(found));
    }

    private static String json(List<Json.Obj> found, Optional<String> fields) {
        List<Json> shown = new ArrayList<>();
        for (Json.Obj vm : found) {
            shown.add(fields.map(names -> only(vm, names)).orElse(vm));
        }
        return new Json.Arr(shown).pretty() + "\n";
    }

    private static Json.Obj only(Json.Obj vm, String names) {
        Json.Obj shown = Json.object();
        for (String name : Arrays.asList(names.split(","))) {
            if (vm.has(name)) {
                shown = shown.with(name, vm.members().getOrDefault(name, new Json.Null()));
            }
        }
        return shown;
    }

    private static String uuids(List<Json.Obj> found) {
        var out = new StringBuilder();
        found.forEach(vm -> out.append(vm.string("uuid", "")).append('\n'));
        return out.toString();
    }
}
