package zonda.vm;

import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Json;
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

    Json.Obj toJson() {
        Json.Obj state = Json.object()
                .with("life", life.name().toLowerCase(java.util.Locale.ROOT))
                .with("id_base", ids.base());
        if (lastExit.isPresent()) {
            state = state.with("exit_status", lastExit.get().code())
                    .with("exit_timestamp", lastExit.get().when().toString());
        }
        state = state.with("failure", failure);
        return Json.object().with("config", config.properties()).with("state", state);
    }

    static VmRecord of(Json.Obj json) {
        Json.Obj state = json.object("state");
        Optional<ExitStatus> exit = state.string("exit_timestamp")
                .map(when -> new ExitStatus((int) state.integer("exit_status", 0), Instant.parse(when)));
        return new VmRecord(
                new VmConfig(json.object("config")),
                new IdRange(state.integer("id_base", 0)),
                Life.valueOf(state.string("life", "").toUpperCase(java.util.Locale.ROOT)),
                exit,
                state.string("failure"));
    }
}
