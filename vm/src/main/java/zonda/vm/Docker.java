package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/**
 * VMs with {@code docker=true}: what the property brings with it, and the keys of internal_metadata that say how the
 * container is run.
 */
final class Docker {
    /** What SmartOS runs first in them. Here the container's own program is run; the path marks it in the record. */
    private static final String INIT = "/usr/vm/sbin/dockerinit";

    private static final String NAMESPACE = "docker";
    private static final Set<String> LISTS = Set.of(
            "docker:cmd", "docker:entrypoint", "docker:env", "docker:linkEnv", "docker:extraHosts", "docker:dnssearch");
    private static final Set<String> FLAGS = Set.of("docker:tty", "docker:open_stdin");

    private Docker() {}

    /** Whether the VM's first process is the container's. */
    static boolean is(VmConfig vm) {
        return isDocker(vm.properties())
                && vm.properties().string("init_name", INIT).endsWith(INIT);
    }

    private static boolean isDocker(Json.Obj properties) {
        return properties.bool("docker", false);
    }

    /** What docker=true brings with it, as far as it was not said otherwise; without docker, what it had brought goes. */
    static Json.Obj complete(Json.Obj properties, Json.Obj given) {
        if (!isDocker(properties)) {
            boolean left = properties.string("init_name", "").endsWith(INIT);
            return left ? properties.without("init_name") : properties;
        }
        Json.Obj complete = given.has("restart_init") ? properties : properties.with("restart_init", false);
        if (!complete.has("init_name")) {
            boolean lx = complete.string("brand", "").equals(Brand.LX.word());
            complete = complete.with("init_name", (lx ? "/native" : "") + INIT);
        }
        List<String> namespaces =
                new ArrayList<>(complete.array("internal_metadata_namespaces").strings());
        if (!namespaces.contains(NAMESPACE)) {
            namespaces.add(NAMESPACE);
        }
        Json.Obj internal = complete.object("internal_metadata");
        if (!internal.has("docker:id")) {
            String half = complete.string("uuid", "").replace("-", "");
            internal = internal.with("docker:id", half + half);
        }
        return complete.with("internal_metadata_namespaces", Json.Arr.ofStrings(namespaces))
                .with("internal_metadata", internal);
    }

    /** A key's text; flags and numbers may be given as such. */
    static Optional<String> text(VmConfig vm, String key) {
        return vm.metadata("internal_metadata").get(key).flatMap(ZoneXml::text).filter(text -> !text.isEmpty());
    }

    /** A key that holds a JSON array of strings; empty when it isn't there. @throws OpException INVALID naming it */
    static Optional<List<String>> list(VmConfig vm, String key) {
        return text(vm, key)
                .map(text -> parse(text)
                        .orElseThrow(() -> new OpException(
                                Code.INVALID, "internal_metadata." + key + " is not a JSON array of strings")));
    }

    private static Optional<List<String>> parse(String text) {
        try {
            return Json.parse(text) instanceof Json.Arr array
                            && array.strings().size() == array.items().size()
                    ? Optional.of(array.strings())
                    : Optional.empty();
        } catch (Json.JsonSyntaxException e) {
            return Optional.empty();
        }
    }

    static boolean flag(VmConfig vm, String key) {
        return text(vm, key).filter("true"::equals).isPresent();
    }

    static void check(VmConfig vm, Findings findings) {
        if (!isDocker(vm.properties())) {
            return;
        }
        for (String key : vm.metadata("internal_metadata").members().keySet()) {
            text(vm, key).flatMap(value -> wrong(key, value)).ifPresent(why -> {
                findings.rule("internal_metadata." + key + ": " + why);
            });
        }
    }

    private static Optional<String> wrong(String key, String value) {
        if (LISTS.contains(key)) {
            return unless(parse(value).isPresent(), "want a JSON array of strings, such as [\"a\",\"b\"]");
        }
        if (FLAGS.contains(key)) {
            return unless(value.matches("true|false"), "want true or false");
        }
        return switch (key) {
            case "docker:restartpolicy" ->
                unless(
                        RestartPolicy.parse(value).isPresent(),
                        "unknown policy \"" + value + "\"; there are no, always, on-failure and on-failure:COUNT");
            case "docker:workdir" -> unless(value.startsWith("/"), "want an absolute path");
            case "docker:logdriver" ->
                unless(
                        Set.of("json-file", "none").contains(value),
                        "unknown driver \"" + value + "\"; there are json-file and none");
            case "docker:nfsvolumes", "docker:hostvolumes" ->
                unless(
                        value.matches("\\[\\s*]|\\{\\s*}"),
                        "such volumes are not supported; give directories of the host by filesystems");
            default -> Optional.empty();
        };
    }

    private static Optional<String> unless(boolean right, String why) {
        return right ? Optional.empty() : Optional.of(why);
    }

    /** The property zlog_mode: g, the global zone keeps a log; t, there is a terminal; n, the zone gets a copy. */
    static String logMode(VmConfig vm) {
        return (isLogged(vm) ? "g" : "-") + (flag(vm, "docker:tty") ? "t" : "-") + "-";
    }

    static boolean isLogged(VmConfig vm) {
        return !text(vm, "docker:logdriver").orElse("json-file").equals("none");
    }

    static RestartPolicy restartPolicy(VmConfig vm) {
        return text(vm, "docker:restartpolicy").flatMap(RestartPolicy::parse).orElse(RestartPolicy.NEVER);
    }

    /** Whether vmadm start and stop set what the VM does at the host's boot: those without restart policy keep it. */
    static boolean followsStarts(VmConfig vm) {
        return !is(vm) || !restartPolicy(vm).equals(RestartPolicy.NEVER);
    }
}
