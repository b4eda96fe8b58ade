package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.base.Json;

/**
 * The NICs of a payload that is applied, against those of the VM: by their MAC, where the payload has one; else each is
 * the first that nothing else in the payload means and that is on the same network.
 */
final class NicsToApply {
    private final List<Json.Obj> left;

    NicsToApply(List<Json.Obj> present) {
        this.left = new ArrayList<>(present);
    }

    /** The update with what makes the VM's NICs those that are wanted. */
    Json.Obj update(Json.Obj update, List<Json.Obj> wanted) {
        List<Json.Obj> modern = wanted.stream().map(Nics::modern).toList();
        List<Json> added = new ArrayList<>();
        List<Json> changed = new ArrayList<>();
        List<Json.Obj> unnamed = new ArrayList<>();
        for (Json.Obj nic : modern) {
            if (nic.has("mac")) {
                match(nic, taken(nic, "mac"), added, changed);
            } else {
                unnamed.add(nic);
            }
        }
        unnamed.forEach(nic -> match(nic, taken(nic, "nic_tag", "vlan_id"), added, changed));
        Json.Obj complete = update;
        if (!left.isEmpty()) {
            complete = complete.with(
                    "remove_nics",
                    Json.Arr.ofStrings(
                            left.stream().map(nic -> nic.string("mac", "")).toList()));
        }
        complete = added.isEmpty() ? complete : complete.with("add_nics", new Json.Arr(added));
        return changed.isEmpty() ? complete : complete.with("update_nics", new Json.Arr(changed));
    }

    private Optional<Json.Obj> taken(Json.Obj nic, String... by) {
        Optional<Json.Obj> found = left.stream()
                .filter(present -> List.of(by).stream()
                        .allMatch(name -> value(present, name).equals(value(nic, name))))
                .findFirst();
        found.ifPresent(left::remove);
        return found;
    }

    private static Json value(Json.Obj nic, String name) {
        return nic.get(name).orElse(name.equals("vlan_id") ? Json.of(0) : new Json.Null());
    }

    private static void match(Json.Obj nic, Optional<Json.Obj> present, List<Json> added, List<Json> changed) {
        if (present.isEmpty()) {
            added.add(nic);
            return;
        }
        Json.Obj change = Json.object();
        for (Map.Entry<String, Json> member : nic.members().entrySet()) {
            if (present.get()
                    .get(member.getKey())
                    .filter(member.getValue()::equals)
                    .isEmpty()) {
                change = change.with(member.getKey(), member.getValue());
            }
        }
        if (!change.members().isEmpty()) {
            changed.add(
                    Json.object().with("mac", present.get().string("mac", "")).withAll(change));
        }
    }
}
