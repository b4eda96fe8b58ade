package zonda.dtrace;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import zonda.base.OpException;
import zonda.dtrace.code.Options;
import zonda.dtrace.syntax.DError;

/** The libraries of -L: files whose names end in .d, each after those that it depends on. */
final class Libraries {
    private static final Pattern DEPENDENCY =
            Pattern.compile("(?m)^[ \t]*#[ \t]*pragma[ \t]+D[ \t]+depends_on[ \t]+(\\w+)[ \t]+(\\S+)");

    private final Dtrace.Terminal terminal;
    private final Map<Path, String> texts = new LinkedHashMap<>();
    private final Set<Path> begun = new LinkedHashSet<>();
    private final Set<Path> done = new LinkedHashSet<>();

    Libraries(Dtrace.Terminal terminal) {
        this.terminal = terminal;
    }

    /** @throws Complaint when one is wrong, or they depend on each other in a circle */
    void load(Options options, Unit unit) {
        for (String directory : options.all("libdir")) {
            Path place = terminal.directory().resolve(directory);
            for (String name :
                    terminal.names(place.toString()).stream().sorted().toList()) {
                boolean known = texts.keySet().stream().anyMatch(path -> path.endsWith(name));
                if (name.endsWith(".d") && !known) {
                    read(place.resolve(name));
                }
            }
        }
        List.copyOf(texts.keySet()).forEach(path -> add(path, unit));
    }

    private void read(Path path) {
        try {
            texts.put(path, terminal.file(path.toString()));
        } catch (OpException e) {
            // As on illumos: what can't be read is no library.
        }
    }

    private void add(Path path, Unit unit) {
        if (done.contains(path)) {
            return;
        }
        String text = texts.getOrDefault(path, "");
        begun.add(path);
        List<MatchResult> dependencies = DEPENDENCY.matcher(text).results().toList();
        for (MatchResult one : dependencies) {
            if (one.group(1).equals("library")) {
                dependsOn(path, path.resolveSibling(one.group(2)), unit);
            }
        }
        done.add(path);
        var missing = new ArrayList<String>();
        for (MatchResult one : dependencies) {
            boolean has = switch (one.group(1)) {
                case "provider" -> unit.isProvider(one.group(2));
                case "module" -> Pragmas.isModule(one.group(2));
                default -> true;
            };
            if (!has) {
                missing.add(one.group(2));
            }
        }
        if (missing.isEmpty()) {
            compile(path, text, unit);
        }
    }

    private void dependsOn(Path path, Path other, Unit unit) {
        if (!texts.containsKey(other)) {
            throw new Complaint("Invalid library dependency in " + path + ": " + other);
        }
        if (begun.contains(other) && !done.contains(other)) {
            throw new Complaint("Cyclic dependency detected: " + path + " => " + other);
        }
        add(other, unit);
    }

    private static void compile(Path path, String text, Unit unit) {
        try {
            unit.library(text);
        } catch (DError e) {
            throw new Complaint("failed to compile library \"" + path + "\", line " + e.line() + ": " + e.text());
        }
    }
}
