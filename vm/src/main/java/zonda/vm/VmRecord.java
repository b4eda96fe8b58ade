package zonda.vm;

import java.util.Optional;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;
import zonda.zones.ExitStatus;
import zonda.zones.IdRange;

/**
 * What is kept of a VM: its properties and where it is in its life. Immutable; every change makes the next one, and what
 * is on disk is that record.
 *
 * @param failure why its provisioning failed, in words for the operator
 * @param incoming what the bundle said at its beginning, of a VM whose receive can be gone on with
 */
public record VmRecord(
        VmConfig config,
        IdRange ids,
        Life life,
        Optional<ExitStatus> lastExit,
        Optional<String> failure,
        Optional<Json.Obj> incoming) {

    /** How far the VM's making came. Whether it runs is asked of the runtime, not recorded. */
    public enum Life {
        /** Its datasets are being made. */
        INCOMPLETE,
        /** Its properties were received, and its datasets weren't yet, or not all of them. */
        RECEIVING,
        /** Made; its first boot has not been completed. */
        PROVISIONING,
        /** Complete. */
        INSTALLED,
        /** Its first boot failed, see the reason: it can be looked at and deleted. */
        FAILED
    }

    /** Of a VM that is being made. */
    static VmRecord fresh(VmConfig config, IdRange ids, Life life) {
        return new VmRecord(config, ids, life, Optional.empty(), Optional.empty(), Optional.empty());
    }

    public UUID uuid() {
        return config.uuid();
    }

    public VmRecord with(VmConfig changed) {
        return new VmRecord(changed, ids, life, lastExit, failure, incoming);
    }

    /** What has another life has no failure of the one before. */
    public VmRecord with(Life next) {
        return new VmRecord(config, ids, next, lastExit, failure.filter(_ -> next == Life.FAILED), Optional.empty());
    }

    public VmRecord with(ExitStatus exit) {
        return new VmRecord(config, ids, life, Optional.of(exit), failure, incoming);
    }

    /** @param read what the bundle said at its beginning */
    VmRecord receiving(Json.Obj read) {
        return new VmRecord(config, ids, Life.RECEIVING, lastExit, failure, Optional.of(read));
    }

    VmRecord failed(String reason) {
        return new VmRecord(config, ids, Life.FAILED, lastExit, Optional.of(reason), Optional.empty());
    }

    /** @throws OpException FAILED when its making failed, or is not over */
    void requireWhole(String verb) {
        String state = switch (life) {
            case FAILED -> "failed";
            case INCOMPLETE -> "provisioning";
            case RECEIVING -> "receiving";
            case PROVISIONING, INSTALLED -> "";
        };
        if (!state.isEmpty()) {
            throw new OpException(
                    Code.FAILED,
                    "Unable to " + verb + " VM " + uuid() + ": its state is " + state
                            + failure.map(why -> " (" + why + ")").orElse("") + "; " + wayOut());
        }
    }

    private String wayOut() {
        if (life != Life.RECEIVING) {
            return "delete it and create it again";
        }
        return incoming.isPresent() ? "vmadm why says how to go on" : "receive its datasets and vmadm install it";
    }
}
