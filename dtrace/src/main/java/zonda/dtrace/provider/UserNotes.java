package zonda.dtrace.provider;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Probes that programs bring themselves (USDT): the notes of the files that a process has mapped. */
final class UserNotes {
    private final long process;
    private final View view;

    /** @param process the host's number */
    UserNotes(long process, View view) {
        this.process = process;
        this.view = view;
    }

    private record Name(String module, String function, String name) {}

    /** Names of the providers that there are, without the number of the process. */
    Set<String> providers() {
        var names = new TreeSet<String>();
        Set<String> seen = new HashSet<>();
        for (Mappings.Mapping mapping : Mappings.of(process).map(Mappings::all).orElse(List.of())) {
            if (mapping.isFile() && seen.add(mapping.path())) {
                ElfFile.read(view.file(process, mapping))
                        .ifPresent(elf -> elf.notes().forEach(note -> names.add(note.provider())));
            }
        }
        return names;
    }

    /** Probes of a provider, whose name in D ends with the number of the process. */
    List<UserPlaces.Place> find(String provider, Pattern pattern) {
        var sites = new LinkedHashMap<Name, List<Probe.Site>>();
        Set<String> seen = new HashSet<>();
        for (Mappings.Mapping mapping : Mappings.of(process).map(Mappings::all).orElse(List.of())) {
            if (!mapping.isFile() || !seen.add(mapping.path()) || !Pattern.glob(pattern.module(), mapping.module())) {
                continue;
            }
            Path file = view.file(process, mapping);
            Optional<ElfFile> elf = ElfFile.read(file);
            for (ElfFile.Note note : elf.map(ElfFile::notes).orElse(List.of())) {
                String name = note.name().replace("__", "-");
                boolean named = note.provider().equals(provider)
                        && (Pattern.glob(pattern.name(), name) || Pattern.glob(pattern.name(), note.name()));
                if (!named) {
                    continue;
                }
                String function = elf.flatMap(some -> some.at(note.address()))
                        .map(ElfFile.Symbol::name)
                        .orElse("");
                if (Pattern.glob(pattern.function(), function)) {
                    String shown = Pattern.glob(pattern.name(), name) ? name : note.name();
                    sites.computeIfAbsent(new Name(mapping.module(), function, shown), _ -> new ArrayList<>())
                            .add(new Probe.Site(file, note.offset(), note.semaphore(), note.arguments()));
                }
            }
        }
        var places = new ArrayList<UserPlaces.Place>();
        sites.forEach((name, all) -> places.add(new UserPlaces.Place(
                name.module(), name.function(), name.name(), new Probe.Source.Usdt(all, process))));
        return places;
    }
}
