package zonda.dtrace.provider;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** The pid provider: entries, returns and offsets of the functions of a process. */
final class UserPlaces {
    private final long process;
    private final View view;

    /** @param process the host's number */
    UserPlaces(long process, View view) {
        this.process = process;
        this.view = view;
    }

    record Place(String module, String function, String name, Probe.Source source) {}

    /** Nothing when there is no such process. */
    List<Place> find(Pattern pattern) {
        var places = new ArrayList<Place>();
        Set<String> seen = new LinkedHashSet<>();
        for (Mappings.Mapping mapping : Mappings.of(process).map(Mappings::all).orElse(List.of())) {
            boolean first = seen.isEmpty();
            if (mapping.isFile() && seen.add(mapping.path()) && isModule(pattern.module(), mapping.module(), first)) {
                // The file as the process sees it, also when it has a root of its own.
                Path file = view.file(process, mapping);
                ElfFile.read(file).ifPresent(elf -> add(places, pattern, mapping.module(), file, elf));
            }
        }
        return places;
    }

    /** Why a description of this process has no places: the tag of illumos' error, and words. */
    record Refusal(String tag, String words) {}

    /** Empty when nothing is wrong with the description, and there is just no such place. */
    Optional<Refusal> refusal(Pattern pattern) {
        Optional<Mappings> mappings = Mappings.of(process);
        if (mappings.isEmpty()) {
            return Optional.of(new Refusal("D_PROC_GRAB", "failed to grab process " + process));
        }
        if (pattern.function().equals("-")) {
            return Optional.of(ofAddress(pattern, mappings.get()));
        }
        if (Pattern.isWild(pattern.function())) {
            return Optional.empty();
        }
        List<Place> found = find(new Pattern("", -1, "", pattern.module(), pattern.function(), "entry"));
        if (found.isEmpty()) {
            boolean module = !Pattern.isWild(pattern.module()) && isMapped(mappings.get(), pattern.module());
            return module
                    ? Optional.of(new Refusal(
                            "D_PROC_FUNC",
                            "failed to lookup '" + pattern.function() + "' in module '" + pattern.module() + "'"))
                    : Optional.empty();
        }
        return Optional.of(
                pattern.name().matches("[0-9a-fA-F]{1,16}")
                        ? new Refusal(
                                "D_PROC_OFF",
                                "offset 0x" + pattern.name().toLowerCase(Locale.ROOT) + " outside of function '"
                                        + pattern.function() + "'")
                        : new Refusal("D_PROC_NAME", "'" + pattern.name() + "' is an invalid probe name"));
    }

    /** The function {@code -} stands for addresses of the program, which are not traced here. */
    private static Refusal ofAddress(Pattern pattern, Mappings mappings) {
        boolean program = pattern.module().isEmpty()
                || mappings.all().stream()
                        .filter(Mappings.Mapping::isFile)
                        .limit(1)
                        .anyMatch(first -> isModule(pattern.module(), first.module(), true));
        if (Pattern.isWild(pattern.module()) && !pattern.module().isEmpty() || !program) {
            return new Refusal("D_PROC_LIB", "only the a.out module is valid with the '-' function");
        }
        return Pattern.isWild(pattern.name())
                ? new Refusal("D_PROC_NAME", "only individual addresses may be specified with the '-' function")
                : new Refusal("D_PROC_CREATEFAIL", "places are named by functions and offsets only, not by addresses");
    }

    private static boolean isMapped(Mappings mappings, String wanted) {
        boolean first = true;
        for (Mappings.Mapping mapping : mappings.all()) {
            if (mapping.isFile() && isModule(wanted, mapping.module(), first)) {
                return true;
            }
            first &= !mapping.isFile();
        }
        return false;
    }

    /** a.out is the program itself, and libc stands for libc.so.6. */
    private static boolean isModule(String wanted, String module, boolean program) {
        return Pattern.glob(wanted, module)
                || wanted.equals("a.out") && program
                || module.startsWith(wanted + ".so")
                || module.startsWith(wanted + "-") && module.contains(".so");
    }

    private void add(List<Place> places, Pattern pattern, String module, Path file, ElfFile elf) {
        String wanted =
                pattern.module().isEmpty() || !Pattern.glob(pattern.module(), module) ? pattern.module() : module;
        String shown = wanted.isEmpty() ? module : wanted;
        for (ElfFile.Symbol symbol : elf.symbols()) {
            if (!Pattern.glob(pattern.function(), symbol.name()) || places.size() >= view.mostPlaces()) {
                continue;
            }
            if (Pattern.glob(pattern.name(), "entry")) {
                places.add(place(shown, symbol, "entry", file, symbol.offset(), false));
            }
            if (Pattern.glob(pattern.name(), "return")) {
                places.add(place(shown, symbol, "return", file, symbol.offset(), true));
            }
            if (pattern.name().matches("[0-9a-fA-F]{1,8}")) {
                long offset = Long.parseLong(pattern.name(), 16);
                if (offset < Math.max(1, symbol.size())) {
                    places.add(place(shown, symbol, pattern.name(), file, symbol.offset() + offset, false));
                }
            }
        }
    }

    private Place place(String module, ElfFile.Symbol symbol, String name, Path file, long offset, boolean returns) {
        return new Place(module, symbol.name(), name, new Probe.Source.User(file, offset, returns, process));
    }
}
