package zonda.vm;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.storage.Datasets;

/** What a VM's record names and its pool has not: {@code missing} of vmadm(8). */
final class Missing {
    private Missing() {}

    /** @return empty when all is there, and of a VM that is being made */
    static Optional<Json.Obj> of(VmRecord vm, Optional<Datasets> pool) {
        if (vm.life() == VmRecord.Life.INCOMPLETE || vm.life() == VmRecord.Life.RECEIVING) {
            return Optional.empty();
        }
        VmConfig config = vm.config();
        Predicate<String> isMissing =
                name -> pool.filter(datasets -> datasets.has(name)).isEmpty();
        List<String> filesystems = missing(Stream.of(config.dataset()), isMissing);
        List<String> disks = Disks.of(config).stream()
                .filter(disk -> disk.dataset().filter(isMissing).isPresent())
                .map(Disks.Kept::path)
                .toList();
        List<String> datasets = missing(config.properties().array("datasets").strings().stream(), isMissing);
        return filesystems.isEmpty() && disks.isEmpty() && datasets.isEmpty()
                ? Optional.empty()
                : Optional.of(Json.object()
                        .with("datasets", Json.Arr.ofStrings(datasets))
                        .with("disks", Json.Arr.ofStrings(disks))
                        .with("filesystems", Json.Arr.ofStrings(filesystems)));
    }

    private static List<String> missing(Stream<String> names, Predicate<String> isMissing) {
        return names.filter(isMissing).toList();
    }
}
