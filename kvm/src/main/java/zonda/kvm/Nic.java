package zonda.kvm;

import java.util.Arrays;
import java.util.Optional;
import zonda.base.Mac;

/**
 * A NIC of a machine.
 *
 * @param tap the link that its frames come and go by, in QEMU's network namespace
 * @param queues by which they do so, more than one with the model virtio and a tap that is made for it
 */
public record Nic(String tap, Mac mac, Model model, int queues, Pacing pacing) {
    /** Each queue is a descriptor, and memory of the guest's: more are of no use to it. */
    private static final int MOST_QUEUES = 16;

    /** How many queues a NIC has in a machine: one for each CPU, where the card can have several. */
    public static int queues(Model model, int cpus) {
        return model == Model.VIRTIO ? Math.clamp(cpus, 1, MOST_QUEUES) : 1;
    }

    boolean hasSeveralQueues() {
        return queues > 1;
    }

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
