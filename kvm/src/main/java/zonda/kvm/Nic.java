package zonda.kvm;

import java.util.Arrays;
import java.util.Optional;
import zonda.base.Mac;

/**
 * A NIC of a machine.
 *
 * @param tap the link that its frames come and go by, in QEMU's network namespace
 */
public record Nic(String tap, Mac mac, Model model) {
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
