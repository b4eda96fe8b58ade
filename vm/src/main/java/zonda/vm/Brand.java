package zonda.vm;

import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The kinds of VM: brands(7). */
public enum Brand {
    JOYENT("joyent", "OS"),
    JOYENT_MINIMAL("joyent-minimal", "OS"),
    BUILDER("builder", "OS"),
    LX("lx", "LX"),
    KVM("kvm", "KVM"),
    BHYVE("bhyve", "BHYVE");

    private static final Map<String, Brand> BY_WORD =
            Stream.of(values()).collect(Collectors.toUnmodifiableMap(Brand::word, brand -> brand));

    private final String word;
    private final String type;

    Brand(String word, String type) {
        this.word = word;
        this.type = type;
    }

    /** As in payloads. */
    public String word() {
        return word;
    }

    /** The {@code type} property; list shows its first four letters. */
    public String type() {
        return type;
    }

    /** Hardware virtual machine, with a kernel of its own. */
    public boolean isHvm() {
        return this == KVM || this == BHYVE;
    }

    public static Optional<Brand> find(String word) {
        return Optional.ofNullable(BY_WORD.get(word));
    }
}
