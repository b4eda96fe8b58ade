package zonda.zones;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.base.StateFile;
import zonda.kernel.SeccompCompiler;

/**
 * The system calls a zone may make: the profile that podman uses, from the package of its authors
 * (golang-github-containers-common), turned into the OCI runtime's form for given capabilities.
 *
 * <p>In the source some rules hold only for an architecture or with a capability; seccomp(2), containers-seccomp.json(5).
 */
final class SeccompProfile {
    static final Path SOURCE = Path.of("/usr/share/containers/seccomp.json");

    private static final int EPERM = 1;
    /** In the order of libseccomp's numbers, from 1. */
    private static final List<String> OPERATORS = List.of(
            "SCMP_CMP_NE",
            "SCMP_CMP_LT",
            "SCMP_CMP_LE",
            "SCMP_CMP_EQ",
            "SCMP_CMP_GE",
            "SCMP_CMP_GT",
            "SCMP_CMP_MASKED_EQ");

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

    /**
     * The same profile as the program that seccomp(2) takes, in base64, for runtimes that take that.
     *
     * @return empty where libseccomp isn't installed
     */
    Optional<String> compiled(Set<String> capabilities) {
        return SeccompCompiler.find().map(compiler -> {
            Json.Obj profile = forCapabilities(capabilities);
            List<SeccompCompiler.Rule> rules = new ArrayList<>();
            profile.array("syscalls")
                    .objects()
                    .forEach(rule -> rule.array("names").strings().stream()
                            .map(name -> compilerRule(name, rule))
                            .forEach(rules::add));
            byte[] program =
                    compiler.compile((int) profile.integer("defaultErrnoRet", EPERM), libraryArchitectures(), rules);
            return Base64.getEncoder().encodeToString(program);
        });
    }

    private static SeccompCompiler.Rule compilerRule(String name, Json.Obj rule) {
        Optional<Integer> errno = rule.string("action", "").equals("SCMP_ACT_ALLOW")
                ? Optional.empty()
                : Optional.of((int) rule.integer("errnoRet", EPERM));
        List<SeccompCompiler.Argument> arguments = rule.array("args").objects().stream()
                .map(argument -> new SeccompCompiler.Argument(
                        (int) argument.integer("index", 0),
                        OPERATORS.indexOf(argument.string("op", "")) + 1,
                        argument.integer("value", 0),
                        argument.integer("valueTwo", 0)))
                .toList();
        return new SeccompCompiler.Rule(name, errno, arguments);
    }

    private static List<String> libraryArchitectures() {
        return System.getProperty("os.arch", "").equals("aarch64")
                ? List.of("aarch64", "arm")
                : List.of("x86_64", "x86");
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
                        : List.of("SCMP_ARCH_X86_64", "SCMP_ARCH_X86"));
    }
}
