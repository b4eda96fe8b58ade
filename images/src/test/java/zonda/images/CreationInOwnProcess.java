package zonda.images;

import java.nio.file.Path;
import java.util.List;

/** Makes a Debian image, in a process that a test may kill. Arguments: directory of the host, suite. */
final class CreationInOwnProcess {
    private CreationInOwnProcess() {}

    public static void main(String[] arguments) throws Exception {
        new TestHost(Path.of(arguments[0]))
                .images()
                .creations()
                .debian(
                        new Creations.Debian(arguments[1], List.of()),
                        Creations.Fields.parse(List.of("name=dying", "version=1")),
                        Progress.NONE);
    }
}
