package zonda.images;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import zonda.base.Json;

/**
 * How an OCI image wants to be run: the {@code config} member of its configuration (image-spec, "OCI Image
 * Configuration").
 *
 * @param environment in the form NAME=value
 * @param user name or id, perhaps with a group after a colon; empty for root
 * @param stopSignal such as SIGTERM or 15
 */
public record OciConfig(
        List<String> entrypoint,
        List<String> command,
        List<String> environment,
        Optional<String> workingDirectory,
        Optional<String> user,
        Optional<String> stopSignal,
        List<String> volumes,
        List<String> exposedPorts) {
    public OciConfig {
        entrypoint = List.copyOf(entrypoint);
        command = List.copyOf(command);
        environment = List.copyOf(environment);
        volumes = List.copyOf(volumes);
        exposedPorts = List.copyOf(exposedPorts);
    }

    static OciConfig of(Json.Obj config) {
        return new OciConfig(
                config.array("Entrypoint").strings(),
                config.array("Cmd").strings(),
                config.array("Env").strings(),
                config.string("WorkingDir").filter(text -> !text.isEmpty()),
                config.string("User").filter(text -> !text.isEmpty()),
                config.string("StopSignal").filter(text -> !text.isEmpty()),
                List.copyOf(config.object("Volumes").members().keySet()),
                List.copyOf(config.object("ExposedPorts").members().keySet()));
    }

    /** Entrypoint and command in one: what pid 1 executes. */
    public List<String> arguments() {
        var arguments = new ArrayList<>(entrypoint);
        arguments.addAll(command);
        return arguments;
    }
}
