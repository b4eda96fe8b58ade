package zonda.kvm;

import java.util.Arrays;
import java.util.Optional;
import zonda.base.Mac;

/**
 * A NIC of a machine.
 *
 * @param tap the link that its frames come and go by, in QEMU's network namespace
 */
public record Nic(String tap, Mac mac, Model model, Pacing pacing) {
    /**
     * How a NIC of the model virtio sends: at once, and as QEMU likes, where nothing is said.
     *
     * @param burst packets in one go
     * @param nanoseconds how long it waits for more before it sends what it has
     */
    public record Pacing(Optional<Long> burst, Optional<Long> nanoseconds) {
        public static final Pacing NONE = new Pacing(Optional.empty(), Optional.empty());

        String options() {
            return nanoseconds.map(wait -> ",tx=timer,x-txtimer=" + wait).orElse("")
                    + burst.map(packets -> ",x-txburst=" + packets).orElse("");
        }
    }

    /** The card that the guest sees. */
    public enum Model {
        VIRTIO("virtio", "virtio-net-pci"),
        E1000("e1000", "e1000"),
        RTL8139("rtl8139", "rtl8139");

        private final String word;
        private final String device;

        Model(String word, String device) {
            this.word = word;
            this.device = device;
        }

        public String word() {
            return word;
        }

        /** QEMU's name for it. */
        String device() {
            return device;
        }

        public static Optional<Model> find(String word) {
            return Arrays.stream(values())
                    .filter(model -> model.word.equals(word))
                    .findFirst();
        }
    }
}
