package zonda.images;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The machine's own apt sources, sources.list(5), in both of their forms, made to say another suite: where this machine
 * gets bookworm from, it also gets trixie from.
 */
final class DebianSources {
    private static final Pattern LINE = Pattern.compile("deb\\s+(?:\\[([^]]*)]\\s+)?(\\S+)\\s+(\\S+)((?:\\s+\\S+)*)");
    private static final List<String> POCKETS = List.of("", "-updates", "-security");

    private final Path apt;

    /** @param apt {@code /etc/apt} */
    DebianSources(Path apt) {
        this.apt = apt;
    }

    /**
     * Sources for a suite, as text in the deb822 form: those that this machine has for it, else those it has for its own
     * suite with the name replaced. Only the suite itself, its updates and its security updates.
     *
     * @param own this machine's suite, such as bookworm
     * @return empty when this machine has neither
     */
    Optional<String> of(String suite, String own) throws IOException {
        List<Map<String, String>> all = read();
        List<Map<String, String>> fitting = select(all, suite, suite);
        if (fitting.isEmpty()) {
            fitting = select(all, own, suite);
        }
        return fitting.isEmpty()
                ? Optional.empty()
                : Optional.of(fitting.stream().map(DebianSources::print).collect(Collectors.joining("\n")));
    }

    private static List<Map<String, String>> select(List<Map<String, String>> all, String from, String to) {
        List<Map<String, String>> selected = new ArrayList<>();
        for (Map<String, String> stanza : all) {
            String suites = words(stanza, "Suites")
                    .flatMap(word -> POCKETS.stream().filter(pocket -> word.equals(from + pocket)))
                    .map(pocket -> to + pocket)
                    .collect(Collectors.joining(" "));
            boolean isEnabled = !stanza.getOrDefault("Enabled", "yes").equalsIgnoreCase("no");
            boolean hasMain = words(stanza, "Components").anyMatch("main"::equals);
            if (isEnabled
                    && hasMain
                    && !suites.isEmpty()
                    && words(stanza, "Types").anyMatch("deb"::equals)) {
                var changed = new LinkedHashMap<>(stanza);
                changed.put("Types", "deb");
                changed.put("Suites", suites);
                selected.add(changed);
            }
        }
        return selected;
    }

    private static Stream<String> words(Map<String, String> stanza, String field) {
        return Stream.of(stanza.getOrDefault(field, "").split("\\s+"));
    }

    private static String print(Map<String, String> stanza) {
        return stanza.entrySet().stream()
                .map(field ->
                        field.getKey() + (field.getValue().startsWith("\n") ? ":" : ": ") + field.getValue() + "\n")
                .collect(Collectors.joining());
    }

    private List<Map<String, String>> read() throws IOException {
        List<Map<String, String>> stanzas = new ArrayList<>();
        List<Path> files = new ArrayList<>(List.of(apt.resolve("sources.list")));
        try (Stream<Path> parts = Files.list(apt.resolve("sources.list.d"))) {
            parts.sorted().forEach(files::add);
        } catch (NoSuchFileException e) {
            // only the one file
        }
        for (Path file : files) {
            String name = String.valueOf(file.getFileName());
            if (Files.isRegularFile(file)) {
                if (name.endsWith(".sources")) {
                    stanzas.addAll(stanzas(Files.readString(file)));
                } else if (name.endsWith(".list")) {
                    Files.readString(file).lines().forEach(line -> line(line).ifPresent(stanzas::add));
                }
            }
        }
        return stanzas;
    }

    /** Fields keep the lines that continue them: a key may be written out in Signed-By. */
    static List<Map<String, String>> stanzas(String text) {
        List<Map<String, String>> stanzas = new ArrayList<>();
        Map<String, String> stanza = new LinkedHashMap<>();
        String field = "";
        for (String line : (text + "\n\n").lines().toList()) {
            if (line.isBlank()) {
                if (!stanza.isEmpty()) {
                    stanzas.add(stanza);
                }
                stanza = new LinkedHashMap<>();
            } else if (line.startsWith(" ") || line.startsWith("\t")) {
                stanza.computeIfPresent(field, (_, value) -> value + "\n" + line);
            } else if (!line.startsWith("#") && line.indexOf(':') > 0) {
                field = canonical(line.substring(0, line.indexOf(':')));
                stanza.put(field, line.substring(line.indexOf(':') + 1).strip());
            }
        }
        if (!stanza.isEmpty()) {
            stanzas.add(stanza);
        }
        return stanzas;
    }

    /** Names of fields don't depend on case. */
    private static String canonical(String field) {
        return List.of("Types", "URIs", "Suites", "Components", "Signed-By", "Architectures", "Enabled", "Trusted")
                .stream()
                .filter(known -> known.equalsIgnoreCase(field))
                .findFirst()
                .orElse(field);
    }

    /** The form of one line: {@code deb [option=value …] uri suite component…}. */
    static Optional<Map<String, String>> line(String line) {
        Matcher match = LINE.matcher(line.replaceFirst("#.*", "").strip());
        if (!match.matches()) {
            return Optional.empty();
        }
        Map<String, String> stanza = new LinkedHashMap<>();
        stanza.put("Types", "deb");
        stanza.put("URIs", match.group(2));
        stanza.put("Suites", match.group(3));
        stanza.put("Components", match.group(4).strip());
        String options = match.group(1) == null ? "" : match.group(1);
        for (String option : options.strip().split("\\s+")) {
            int equals = option.indexOf('=');
            if (equals > 0) {
                String name = option.substring(0, equals);
                String field = switch (name) {
                    case "arch" -> "Architectures";
                    case "signed-by" -> "Signed-By";
                    case "trusted" -> "Trusted";
                    default -> name;
                };
                stanza.put(field, option.substring(equals + 1).replace(',', ' '));
            }
        }
        return Optional.of(stanza);
    }
}
