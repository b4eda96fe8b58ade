package zonda.images;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import zonda.images.fake.FakeImageStore;

class FakeImageStoreTest extends ImageStoreContract {
    @TempDir
    Path directory;

    private ImageStore store = new FakeImageStore(Path.of("/nonexistent"));

    @BeforeEach
    void open() {
        store = new FakeImageStore(directory);
    }

    @Override
    ImageStore store() {
        return store;
    }
}
