package zonda.images;

import static java.util.Map.entry;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import zonda.base.Json;

/** What a manifest of version 2 may say: one rule per field, imgadm(8) "IMAGE MANIFESTS". */
final class ManifestRules {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._/ -]{1,1024}");
    private static final Pattern VERSION = Pattern.compile("[A-Za-z0-9._/+-]{1,512}");
    private static final Pattern UUID_TEXT =
            Pattern.compile("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
    private static final Pattern TIME = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
    private static final Pattern SHA1 = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");
    private static final Pattern PLATFORM = Pattern.compile("\\d{8}T\\d{6}Z");
    private static final Set<String> REQUIRED = Set.of("v", "uuid", "name", "version", "type", "os");

    /** A rule answers what is wrong with a value, or nothing. */
    @FunctionalInterface
    private interface Rule {
        Optional<String> problem(Json value);
    }

    private static final Map<String, Rule> FIELDS = Map.ofEntries(
            entry("v", rule("must be 2", value -> value.equals(Json.of(2)))),
            entry("uuid", uuid()),
            entry("owner", uuid()),
            entry("name", text(NAME, "must be at most 1024 of A-Z a-z 0-9 . _ / space -")),
            entry("version", text(VERSION, "must be at most 512 of A-Z a-z 0-9 . _ / + -")),
            entry("description", rule("must be a string of at most 10240 characters", value -> length(value) <= 10240)),
            entry("homepage", url()),
            entry("eula", url()),
            entry("disabled", bool()),
            entry("activated", bool()),
            entry("published_at", text(TIME, "must be an ISO date in UTC")),
            entry("state", oneOf("active", "unactivated", "disabled", "failed", "creating")),
            entry("public", bool()),
            entry("type", oneOf("zone-dataset", "zvol", "lx-dataset", "lxd", "docker", "other")),
            entry("os", oneOf("smartos", "linux", "windows", "bsd", "illumos", "other")),
            entry("origin", uuid()),
            entry("error", object()),
            entry("files", ManifestRules::files),
            entry("icon", rule("must be a boolean or an object", v -> v instanceof Json.Bool || isObject(v))),
            entry("acl", list("must be an array of UUIDs", ManifestRules::isUuid)),
            entry("requirements", ManifestRules::requirements),
            entry("users", list("must be an array of objects with a name", v -> member(v, "name", text(NAME, "")))),
            entry("billing_tags", list("must be an array of strings of at most 128 characters", v -> length(v) <= 128)),
            entry("traits", object()),
            entry("tags", rule("must be an object of at most 102400 bytes", ManifestRules::areTags)),
            entry("generate_passwords", bool()),
            entry("inherited_directories", list("must be an array of strings", v -> v instanceof Json.Str)),
            entry("nic_driver", string()),
            entry("disk_driver", string()),
            entry("cpu_type", string()),
            entry("image_size", rule("must be a positive integer", v -> isInteger(v) && !v.equals(Json.of(0)))),
            entry("channels", list("must be an array of strings", v -> v instanceof Json.Str)),
            entry("urn", string()));

    private static final Map<String, Rule> REQUIREMENTS = Map.of(
            "networks", list("must be an array of objects with a name", v -> member(v, "name", string())),
            "brand", string(),
            "ssh_key", bool(),
            "min_ram", rule("must be an integer", ManifestRules::isInteger),
            "max_ram", rule("must be an integer", ManifestRules::isInteger),
            "min_platform", rule("must be an object of {version: timestamp}", ManifestRules::isPlatform),
            "max_platform", rule("must be an object of {version: timestamp}", ManifestRules::isPlatform),
            "bootrom", oneOf("bios", "uefi"));

    private static final Map<String, Rule> FILE = Map.of(
            "sha1", text(SHA1, "must be 40 hex digits"),
            "size", rule("must be an integer", ManifestRules::isInteger),
            "compression", oneOf("gzip", "bzip2", "xz", "none"),
            "dataset_guid", string(),
            "digest", text(DIGEST, "must be sha256: and 64 hex digits"));

    private ManifestRules() {}

    static boolean isField(String name) {
        return FIELDS.containsKey(name);
    }

    /** One line per problem, each with its field; in the manifest's order, missing fields last. */
    static List<String> problems(Json.Obj manifest) {
        List<String> problems = new ArrayList<>();
        manifest.members().forEach((field, value) -> {
            Rule rule = FIELDS.get(field);
            if (rule == null) {
                problems.add(field + " (unknown field)");
            } else {
                rule.problem(value).ifPresent(problem -> problems.add(field + " (" + problem + ")"));
            }
        });
        REQUIRED.stream()
                .sorted()
                .filter(field -> !manifest.has(field))
                .forEach(field -> problems.add(field + " (MissingParameter)"));
        if ("zvol".equals(manifest.string("type", ""))) {
            List.of("image_size", "nic_driver", "disk_driver").stream()
                    .filter(field -> !manifest.has(field))
                    .forEach(field -> problems.add(field + " (MissingParameter)"));
        }
        if ("lxd".equals(manifest.string("type", ""))
                || manifest.array("files").items().size() < 2) {
            return problems;
        }
        problems.add("files (must have exactly one item)");
        return problems;
    }

    private static Optional<String> files(Json value) {
        if (!(value instanceof Json.Arr(var items)) || items.isEmpty()) {
            return Optional.of("must be an array with exactly one item");
        }
        return items.stream().flatMap(file -> members(file, FILE).stream()).findFirst();
    }

    private static Optional<String> requirements(Json value) {
        return members(value, REQUIREMENTS);
    }

    /** The problem of the first member that has one; members without a rule are let through. */
    private static Optional<String> members(Json value, Map<String, Rule> rules) {
        if (!(value instanceof Json.Obj(var members))) {
            return Optional.of("must be an object");
        }
        return members.entrySet().stream()
                .filter(member -> rules.containsKey(member.getKey()))
                .flatMap(member -> Optional.ofNullable(rules.get(member.getKey()))
                        .flatMap(rule -> rule.problem(member.getValue()))
                        .map(problem -> member.getKey() + " " + problem)
                        .stream())
                .findFirst();
    }

    private static Rule rule(String problem, Predicate<Json> isRight) {
        return value -> isRight.test(value) ? Optional.empty() : Optional.of(problem);
    }

    private static Rule text(Pattern pattern, String problem) {
        return rule(
                problem,
                value -> value instanceof Json.Str(String text)
                        && pattern.matcher(text).matches());
    }

    private static Rule uuid() {
        return rule("must be a UUID", ManifestRules::isUuid);
    }

    private static Rule bool() {
        return rule("must be true or false", value -> value instanceof Json.Bool);
    }

    private static Rule string() {
        return rule("must be a string", value -> value instanceof Json.Str);
    }

    private static Rule object() {
        return rule("must be an object", ManifestRules::isObject);
    }

    private static Rule oneOf(String... words) {
        return rule(
                "must be one of " + String.join(", ", words),
                value ->
                        value instanceof Json.Str(String text) && List.of(words).contains(text));
    }

    private static Rule list(String problem, Predicate<Json> item) {
        return rule(
                problem,
                value -> value instanceof Json.Arr(var items) && items.stream().allMatch(item));
    }

    private static Rule url() {
        return rule(
                "must be an http or https URL of at most 1024 characters",
                value -> length(value) <= 1024 && isUrl(((Json.Str) value).value()));
    }

    private static boolean isUrl(String text) {
        try {
            URI uri = URI.create(text);
            return uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    static boolean isUuid(String text) {
        return UUID_TEXT.matcher(text).matches();
    }

    private static boolean isUuid(Json value) {
        return value instanceof Json.Str(String text) && isUuid(text);
    }

    private static boolean isObject(Json value) {
        return value instanceof Json.Obj;
    }

    private static boolean isInteger(Json value) {
        return value instanceof Json.Num number
                && number.isIntegral()
                && number.value().signum() >= 0;
    }

    private static boolean isPlatform(Json value) {
        return value instanceof Json.Obj(var members)
                && members.values().stream()
                        .allMatch(stamp -> stamp instanceof Json.Str(String text)
                                && PLATFORM.matcher(text).matches());
    }

    private static boolean areTags(Json value) {
        return isObject(value) && value.compact().getBytes(StandardCharsets.UTF_8).length <= 102400;
    }

    private static boolean member(Json value, String name, Rule rule) {
        return value instanceof Json.Obj object
                && object.get(name).map(rule::problem).map(Optional::isEmpty).orElse(false);
    }

    /** Of a string; more than any limit for anything else. */
    private static int length(Json value) {
        return value instanceof Json.Str(String text) ? text.length() : Integer.MAX_VALUE;
    }
}
