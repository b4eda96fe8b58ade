package zonda.dtrace;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Item;
import zonda.dtrace.syntax.TypeExpr;
import zonda.dtrace.types.DType;

/** The providers that programs declare, as -h and -G need them. A second declaration must agree with the first. */
final class Providers {
    private final Map<String, Item.Provider> providers = new LinkedHashMap<>();

    List<Item.Provider> all() {
        return List.copyOf(providers.values());
    }

    void add(Item.Provider provider, Function<TypeExpr, DType> types) {
        Item.Provider known = providers.get(provider.name());
        var probes = new ArrayList<Item.Declared>();
        if (known != null) {
            probes.addAll(known.probes());
        }
        for (Item.Declared probe : provider.probes()) {
            List<DType> now = types(probe, types);
            var before = probes.stream()
                    .filter(one -> one.name().equals(probe.name()))
                    .findFirst();
            if (before.isPresent()) {
                compare(provider.name(), probe, now, types(before.get(), types));
            } else {
                probes.add(probe);
            }
        }
        providers.put(provider.name(), new Item.Provider(provider.line(), provider.name(), probes));
    }

    private static List<DType> types(Item.Declared probe, Function<TypeExpr, DType> types) {
        return probe.parameters().stream()
                .map(parameter -> types.apply(parameter.type()))
                .toList();
    }

    private static void compare(String provider, Item.Declared probe, List<DType> now, List<DType> before) {
        String what = "probe " + provider + ":::" + probe.name().replace("__", "-") + " output prototype ";
        if (now.size() != before.size()) {
            throw new DError(
                    "D_PROV_INCOMPAT",
                    probe.line(),
                    what + "mismatch:\n\t current: " + arguments(now.size()) + "\n\tprevious: "
                            + arguments(before.size()));
        }
        for (int i = 0; i < now.size(); i++) {
            if (!now.get(i).name().equals(before.get(i).name())) {
                throw new DError(
                        "D_PROV_INCOMPAT",
                        probe.line(),
                        what + "argument #" + (i + 1) + " mismatch:\n\t current: "
                                + now.get(i).name() + "\n\tprevious: "
                                + before.get(i).name());
            }
        }
    }

    private static String arguments(int count) {
        return count + " arg" + (count == 1 ? "" : "s");
    }
}
