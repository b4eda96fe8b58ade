package zonda.images;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** What every pool of images does. */
abstract class ImageStoreContract {
    private final UUID image = UUID.randomUUID();

    abstract ImageStore store();

    private Path fill() throws Exception {
        Path dataset = store().createPartial(image);
        Files.writeString(Files.createDirectory(dataset.resolve("root")).resolve("file"), "content");
        return dataset;
    }

    @Test
    void an_image_goes_through_its_states_in_order() throws Exception {
        assertThat(store().state(image)).isEqualTo(ImageStore.State.ABSENT);

        Path dataset = fill();
        assertThat(dataset).isAbsolute();
        assertThat(store().state(image)).isEqualTo(ImageStore.State.FILLING);
        assertThat(store().partials()).containsExactly(image);

        store().seal(image);
        assertThat(store().state(image)).isEqualTo(ImageStore.State.SEALED);

        store().commit(image);
        assertThat(store().state(image)).isEqualTo(ImageStore.State.INSTALLED);
        assertThat(store().partials()).isEmpty();
        assertThat(store().dependents(image)).isEmpty();
        assertThat(store().used(image).value()).isPositive();

        store().destroy(image);
        assertThat(store().state(image)).isEqualTo(ImageStore.State.ABSENT);
    }

    @Test
    void an_image_with_an_origin_begins_with_its_content_and_holds_it() throws Exception {
        fill();
        store().seal(image);
        store().commit(image);
        UUID increment = UUID.randomUUID();

        Path clone = store().clonePartial(increment, image);

        assertThat(clone.resolve("root/file")).hasContent("content");
        assertThat(store().state(increment)).isEqualTo(ImageStore.State.FILLING);
        assertThat(store().dependents(image)).hasSize(1).first().asString().startsWith(increment.toString());

        store().seal(increment);
        store().commit(increment);
        assertThat(store().state(increment)).isEqualTo(ImageStore.State.INSTALLED);
        store().destroy(increment);
        store().destroy(image);
    }

    @Test
    void every_step_may_be_repeated_after_a_crash() throws Exception {
        fill();
        store().seal(image);
        store().seal(image);
        store().commit(image);
        store().commit(image);
        store().seal(image);
        store().discard(image);
        assertThat(store().state(image)).isEqualTo(ImageStore.State.INSTALLED);

        store().destroy(image);
        store().destroy(image);
        store().discard(image);
        assertThat(store().state(image)).isEqualTo(ImageStore.State.ABSENT);
    }

    @Test
    void what_is_partial_can_be_discarded_sealed_or_not_and_made_again() throws Exception {
        fill();
        store().discard(image);
        assertThat(store().state(image)).isEqualTo(ImageStore.State.ABSENT);

        fill();
        store().seal(image);
        store().discard(image);
        assertThat(store().state(image)).isEqualTo(ImageStore.State.ABSENT);

        assertThat(store().createPartial(image).toFile().list()).isEmpty();
        store().discard(image);
    }
}
