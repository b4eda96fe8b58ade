package zonda.zones;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;

/**
 * The system calls a zone may make: the profile that podman uses, from the package of its authors
 * (golang-github-containers-common), turned into the OCI runtime's form for given capabilities.
 *
 * <p>In the source some rules hold only for an architecture or with a capability; seccomp(2), containers-seccomp.json(5).
 */
final class SeccompProfile {
    static final Path SOURCE = Path.of("/usr/share/containers/seccomp.json");

    private final Json.Obj source;

    private SeccompProfile(Json.Obj source) {
        this.source = source;
    }

    /** @throws OpException FAILED when the package that brings the profile isn't installed */
    static SeccompProfile read(Path file) {
        return new SeccompProfile(StateFile.readObject(file)
                .orElseThrow(() -> new OpException(
                        Code.FAILED,
                        "no seccomp profile at " + file + ": install the package golang-github-containers-common")));
    }

    /** The {@code linux.seccomp} object of an OCI runtime configuration. */
    Json.Obj forCapabilities(Set<String> capabilities) {
        String architecture = System.getProperty("os.arch", "amd64").equals("aarch64") ? "arm64" : "amd64";
        List<Json.Obj> rules = new ArrayList<>();
        for (Json.Obj rule : source.array("syscalls").objects()) {
            if (applies(rule, capabilities, architecture)) {
                rules.add(forRuntime(rule));
            }
        }
        Json.Obj profile = Json.object()
                .with("defaultAction", source.string("defaultAction", "SCMP_ACT_ERRNO"))
                .with("architectures", architectures(architecture))
                .with("syscalls", Json.Arr.of(rules.stream()));
        return source.integer("defaultErrnoRet")
                .map(errno -> profile.with("defaultErrnoRet", errno))
                .orElse(profile);
    }

    private static boolean applies(Json.Obj rule, Set<String> capabilities, String architecture) {
        Json.Obj includes = rule.object("includes");
        Json.Obj excludes = rule.object("excludes");
        List<String> needed = includes.array("caps").strings();
        List<String> architectures = includes.array("arches").strings();
        boolean included = (needed.isEmpty() || capabilities.containsAll(needed))
                && (architectures.isEmpty() || architectures.contains(architecture));
        boolean excluded = excludes.array("caps").strings().stream().anyMatch(capabilities::contains)
                || excludes.array("arches").strings().contains(architecture);
        return included && !excluded;
    }

    private static Json.Obj forRuntime(Json.Obj rule) {
        Json.Obj result = Json.object()
                .with("names", rule.array("names"))
                .with("action", rule.string("action", "SCMP_ACT_ERRNO"));
        if (rule.integer("errnoRet").isPresent()) {
            result = result.with("errnoRet", rule.integer("errnoRet", 0));
        }
        return rule.array("args").items().isEmpty() ? result : result.with("args", rule.array("args"));
    }

    private static Json.Arr architectures(String architecture) {
        return Json.Arr.ofStrings(
                architecture.equals("arm64")
                        ? List.of("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM")
                        : List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"));
    }
}
