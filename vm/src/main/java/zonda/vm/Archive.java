package zonda.vm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.stream.Stream;
import zonda.base.Json;
import zonda.base.StateFile;
import zonda.storage.Datasets;

/**
 * What is kept of a VM with archive_on_delete, below the dataset {@code archive} of its pool: as on SmartOS only if
 * somebody made that.
 */
final class Archive {
    private Archive() {}

    /** Keeps the VM's record, what its console printed and its cores; what is there already stays or is replaced. */
    static void keep(VmRecord vm, Json.Obj shown, String xml, Path console, Datasets datasets) {
        String archive = vm.config().zpool() + "/archive";
        boolean wanted = vm.config().properties().bool("archive_on_delete", false);
        if (!wanted
                || datasets.find(archive).filter(dataset -> dataset.mounted()).isEmpty()) {
            return;
        }
        Path directory = datasets.mount(archive).resolve(vm.uuid().toString());
        try {
            Files.createDirectories(directory);
            StateFile.replace(directory.resolve("vm.json"), shown);
            StateFile.replace(directory.resolve(vm.uuid() + ".xml"), xml);
            copy(console, directory.resolve("console.log"));
            copyCores(datasets, vm.config(), directory);
        } catch (IOException e) {
            throw new UncheckedIOException("archive VM " + vm.uuid() + " in " + directory + ": " + e, e);
        }
    }

    private static void copyCores(Datasets datasets, VmConfig vm, Path directory) throws IOException {
        if (datasets.find(vm.coresDataset()).filter(cores -> cores.mounted()).isEmpty()) {
            return;
        }
        Path cores = Files.createDirectories(directory.resolve("cores"));
        try (Stream<Path> files = Files.list(datasets.mount(vm.coresDataset()))) {
            for (Path file : files.toList()) {
                copy(file, cores.resolve(file.getFileName()));
            }
        }
    }

    /** A regular file; anything else isn't kept. */
    private static void copy(Path from, Path to) throws IOException {
        if (Files.isRegularFile(from, LinkOption.NOFOLLOW_LINKS)) {
            Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING, LinkOption.NOFOLLOW_LINKS);
        }
    }
}
