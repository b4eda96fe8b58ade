package zonda.kvm;

import java.util.stream.Stream;

/** What the two serial ports of a machine are joined to. */
public record SerialPorts(SerialLine first, SerialLine second) {
    /** The console and the metadata service, where SmartOS' guests look for them. */
    public static final SerialPorts USUAL = new SerialPorts(new SerialLine.Console(), new SerialLine.Metadata());

    /** Whether one of them is the machine's console. */
    public boolean hasConsole() {
        return Stream.of(first, second).anyMatch(SerialLine.Console.class::isInstance);
    }

    /** Whether the guest reaches the metadata service at one of them. */
    public boolean hasMetadata() {
        return Stream.of(first, second).anyMatch(SerialLine.Metadata.class::isInstance);
    }
}
