package zonda.dtrace.provider;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The provider plockstat: locks of a process, at the functions of pthreads(7) that take them and give them back. */
final class UserLocks {
    static final String PROVIDER = "plockstat";

    private final long process;
    private final View view;

    /** @param process the host's number */
    UserLocks(long process, View view) {
        this.process = process;
        this.view = view;
    }

    List<UserPlaces.Place> find(Pattern pattern) {
        var places = new ArrayList<UserPlaces.Place>();
        if (ProbeTable.lines("plockstat.txt").stream()
                .noneMatch(line -> Pattern.glob(pattern.name(), line.substring(0, line.indexOf('|'))))) {
            return places;
        }
        Set<String> seen = new HashSet<>();
        for (Mappings.Mapping mapping : Mappings.of(process).map(Mappings::all).orElse(List.of())) {
            if (mapping.isFile() && seen.add(mapping.path()) && Pattern.glob(pattern.module(), mapping.module())) {
                Path file = view.file(process, mapping);
                ElfFile.read(file).ifPresent(elf -> add(places, pattern, mapping.module(), file, elf));
            }
        }
        return places;
    }

    private void add(List<UserPlaces.Place> places, Pattern pattern, String module, Path file, ElfFile elf) {
        for (String line : ProbeTable.lines("plockstat.txt")) {
            String[] words = line.split("\\|");
            Optional<ElfFile.Symbol> function = elf.symbol(words[1]);
            if (function.isPresent()
                    && Pattern.glob(pattern.name(), words[0])
                    && Pattern.glob(pattern.function(), words[1])) {
                places.add(new UserPlaces.Place(
                        module,
                        words[1],
                        words[0],
                        new Probe.Source.Lock(
                                file,
                                function.get().offset(),
                                words[2].equals("return"),
                                process,
                                words[3].equals("-") ? Optional.empty() : Optional.of(words[3]),
                                List.of(words).subList(4, words.length))));
            }
        }
    }
}
