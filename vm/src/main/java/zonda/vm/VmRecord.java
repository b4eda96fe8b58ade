package zonda.vm;

import java.util.Optional;
import java.util.UUID;
import zonda.zones.ExitStatus;
import zonda.zones.IdRange;

/**
 * What is kept of a VM: its properties and where it is in its life. Immutable; every change makes the next one, and what
 * is on disk is that record.
 *
 * @param failure why its provisioning failed, in words for the operator
 */
public record VmRecord(
        VmConfig config, IdRange ids, Life life, Optional<ExitStatus> lastExit, Optional<String> failure) {

    /** How far the VM's making came. Whether it runs is asked of the runtime, not recorded. */
    public enum Life {
        /** Its datasets are being made. */
        INCOMPLETE,
        /** Its properties were received, and its datasets weren't yet. */
        RECEIVING,
        /** Made; its first boot has not been completed. */
        PROVISIONING,
        /** Complete. */
        INSTALLED,
        /** Its first boot failed, see the reason: it can be looked at and deleted. */
        FAILED
    }

    public UUID uuid() {
        return config.uuid();
    }

    public VmRecord with(VmConfig changed) {
        return new VmRecord(changed, ids, life, lastExit, failure);
    }

    public VmRecord with(Life next) {
        return new VmRecord(config, ids, next, lastExit, failure);
    }

    public VmRecord with(ExitStatus exit) {
        return new VmRecord(config, ids, life, Optional.of(exit), failure);
    }

    VmRecord failed(String reason) {
        return new VmRecord(config, ids, Life.FAILED, lastExit, Optional.of(reason));
    }
}
