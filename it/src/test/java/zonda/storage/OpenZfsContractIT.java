package zonda.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import zonda.it.guest.OpenZfsGuest;

/** The contract of the dataset service over OpenZFS, in one guest. */
@Tag("slow")
class OpenZfsContractIT {
    private static final Path TOP = Path.of("").toAbsolutePath().getParent();

    @TempDir
    static Path nothing;

    private static OpenZfsGuest guest;

    @BeforeAll
    static void boot() throws IOException {
        guest = OpenZfsGuest.boot(TOP, Files.createDirectories(nothing.resolve("in")));
    }

    @AfterAll
    static void close() {
        if (guest != null) {
            guest.close();
        }
    }

    @Nested
    class Names extends NamesContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(new GuestZfs(guest));
        }
    }

    @Nested
    class Snapshots extends SnapshotsContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(new GuestZfs(guest));
        }
    }

    @Nested
    class Dependents extends DependentsContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(new GuestZfs(guest));
        }
    }

    @Nested
    class Volumes extends VolumesContract {
        @Override
        ContractPool makePool() {
            return new GuestZfsPool(new GuestZfs(guest));
        }
    }
}
