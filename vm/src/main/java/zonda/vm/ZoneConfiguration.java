package zonda.vm;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/** VMs as the zones of zonecfg(8): shows their configuration, and carries out changes of it as updates of the VM. */
public final class ZoneConfiguration {
    private static final Set<String> FIXED = Set.of("uuid", "zonename", "brand");
    /** The arrays whose members an update names, and by what. */
    private static final Map<String, String> KEYS =
            Map.of("nics", "mac", "filesystems", "target", "disks", "path", "pci_devices", "path");

    private final Vms vms;

    ZoneConfiguration(Vms vms) {
        this.vms = vms;
    }

    /** The zone element, without what zonecfg(8) has no place for. @throws OpException NOT_FOUND */
    public XmlElement of(UUID uuid) {
        return vms.store().zone(vms.find(uuid)).drop(ZoneConfiguration::isOurs);
    }

    private static boolean isOurs(XmlElement element) {
        return element.attribute("name", "").equals(ZoneXml.REST);
    }

    /**
     * Makes the configuration this one; a VM that runs changes with it as {@code vmadm update} has it.
     *
     * @throws OpException INVALID naming what can't be changed or is wrong; nothing is changed then
     */
    public void replace(UUID uuid, XmlElement zone) {
        VmRecord vm = vms.find(uuid);
        XmlElement whole = vms.store().zone(vm);
        if (!zone.attribute("zonepath").equals(whole.attribute("zonepath"))) {
            throw fixed("zonepath");
        }
        List<XmlElement> ours =
                whole.children().stream().filter(ZoneConfiguration::isOurs).toList();
        XmlElement after = zone;
        for (XmlElement one : ours) {
            after = after.with(one);
        }
        Json.Obj before = vm.config().properties();
        Json.Obj update = update(before, vms.store().properties(after, uuid));
        if (update.isEmpty()) {
            return;
        }
        Vms.Checked checked = vms.checkUpdate(update, vm.config().brand());
        checked.findings().throwIfFatal(true);
        vms.update(uuid, checked);
    }

    private static OpException fixed(String property) {
        return new OpException(Code.INVALID, property + " of a zone that is installed can not be changed");
    }

    /** The payload that makes the one of the other. */
    private static Json.Obj update(Json.Obj before, Json.Obj after) {
        Set<String> names = new LinkedHashSet<>(before.members().keySet());
        names.addAll(after.members().keySet());
        Json.Obj update = Json.object();
        for (String name : names) {
            if (before.get(name).equals(after.get(name))) {
                continue;
            }
            if (FIXED.contains(name)) {
                throw fixed(name);
            }
            if (KEYS.containsKey(name)) {
                update = update.withAll(members(
                        name, before.array(name).objects(), after.array(name).objects()));
            } else {
                update = update.with(name, after.get(name).orElse(new Json.Null()));
            }
        }
        return update;
    }

    private static Json.Obj members(String array, List<Json.Obj> before, List<Json.Obj> after) {
        String key = Optional.ofNullable(KEYS.get(array)).orElseThrow();
        Map<String, Json.Obj> was = by(key, before);
        Map<String, Json.Obj> is = by(key, after);
        List<Json> added = new ArrayList<>();
        List<Json> changed = new ArrayList<>();
        is.forEach((id, member) -> {
            Json.Obj old = was.get(id);
            if (old == null) {
                added.add(member);
            } else if (!old.equals(member)) {
                changed.add(withNulls(old, member));
            }
        });
        List<String> removed =
                was.keySet().stream().filter(id -> !is.containsKey(id)).toList();
        Json.Obj update = Json.object();
        update = added.isEmpty() ? update : update.with("add_" + array, new Json.Arr(added));
        update = changed.isEmpty() ? update : update.with("update_" + array, new Json.Arr(changed));
        return removed.isEmpty() ? update : update.with("remove_" + array, Json.Arr.ofStrings(removed));
    }

    private static Map<String, Json.Obj> by(String key, List<Json.Obj> members) {
        var found = new LinkedHashMap<String, Json.Obj>();
        for (Json.Obj member : members) {
            found.put(member.string(key, ""), member);
        }
        return found;
    }

    /** What is gone is cleared. */
    private static Json.Obj withNulls(Json.Obj before, Json.Obj after) {
        Json.Obj update = after;
        for (String name : before.members().keySet()) {
            if (!after.has(name)) {
                update = update.with(name, new Json.Null());
            }
        }
        return update;
    }
}
