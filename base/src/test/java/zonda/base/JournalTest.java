package zonda.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    @TempDir
    Path directory;

    @Test
    void an_interrupted_saga_is_found_again_with_all_it_was_about() {
        var passed = new ArrayList<String>();
        var journal = new Journal(directory, InstantSource.system(), passed::add);
        journal.start();
        Saga first = journal.begin("vm-create", Json.object().with("uuid", "u1"));
        first.step("clone", () -> {});
        Saga second = journal.begin("vm-delete", Json.object().with("uuid", "u2"));
        second.end();

        var found = new Journal(directory, InstantSource.system(), Journal.CrashPoint.NONE).unfinished();

        assertThat(found).hasSize(1);
        assertThat(found.getFirst().intent()).isEqualTo(first.intent());
        assertThat(passed).containsExactly("vm-create:intent", "vm-create:clone", "vm-delete:intent", "vm-delete:end");
    }

    @Test
    void an_intent_that_was_being_written_when_its_writer_died_was_not_begun() throws IOException {
        Path cutShort = Files.writeString(directory.resolve("1-x.json.tmp"), "{\"kind\":\"vm-cr");

        var journal = new Journal(directory, InstantSource.system(), Journal.CrashPoint.NONE);
        journal.start();

        assertThat(journal.unfinished()).isEmpty();
        assertThat(cutShort).doesNotExist();
    }
}
