package zonda.vm;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.images.OciConfig;
import zonda.kernel.Signals;
import zonda.zones.InitProgram;
import zonda.zones.ZoneExec;

/** The program of a container: what its image's configuration says, and what the VM's internal_metadata says instead. */
final class DockerProgram {
    private final VmConfig vm;
    private final Optional<OciConfig> image;
    private final GuestRoot guest;

    DockerProgram(VmConfig vm, Optional<OciConfig> image, GuestRoot guest) {
        this.vm = vm;
        this.image = image;
        this.guest = guest;
    }

    /** @throws OpException FAILED when there is none, or its user isn't there */
    InitProgram.Application program() {
        String words = Docker.text(vm, "docker:user")
                .or(() -> image.flatMap(OciConfig::user))
                .orElse("root");
        Passwd.User user = guest.containerUser(words)
                .orElseThrow(() -> new OpException(
                        Code.FAILED,
                        "the container wants user \"" + words
                                + "\", who is not in its /etc/passwd and /etc/group; give docker:user as UID:GID"));
        boolean terminal = Docker.flag(vm, "docker:tty");
        return new InitProgram.Application(
                command(),
                environment(user),
                directory(),
                new ZoneExec.User(user.uid(), user.gid(), user.groups()),
                image.flatMap(OciConfig::stopSignal).flatMap(Signals::parse).orElse(Signals.SIGTERM),
                new InitProgram.Streams(terminal, Docker.flag(vm, "docker:open_stdin"), Docker.isLogged(vm)),
                true);
    }

    /** An entrypoint of the VM's own takes the image's command away with the image's entrypoint. */
    private List<String> command() {
        Optional<List<String>> ownEntrypoint = Docker.list(vm, "docker:entrypoint");
        Optional<List<String>> ownCommand = Docker.list(vm, "docker:cmd");
        List<String> entrypoint =
                ownEntrypoint.or(() -> image.map(OciConfig::entrypoint)).orElse(List.of());
        List<String> command = ownCommand
                .or(() -> ownEntrypoint.isPresent() ? Optional.empty() : image.map(OciConfig::command))
                .orElse(List.of());
        List<String> all = java.util.stream.Stream.concat(entrypoint.stream(), command.stream())
                .toList();
        if (all.isEmpty()) {
            throw new OpException(
                    Code.FAILED,
                    "the image has no command of its own; set docker:cmd in internal_metadata, such as"
                            + " [\"/bin/sh\",\"-c\",\"date\"]");
        }
        return all;
    }

    private Map<String, String> environment(Passwd.User user) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("HOSTNAME", vm.hostname());
        environment.put("HOME", user.home());
        image.map(OciConfig::environment).orElse(List.of()).forEach(entry -> put(environment, entry));
        Docker.list(vm, "docker:linkEnv").orElse(List.of()).forEach(entry -> put(environment, entry));
        Docker.list(vm, "docker:env").orElse(List.of()).forEach(entry -> put(environment, entry));
        return environment;
    }

    static void put(Map<String, String> environment, String entry) {
        int equals = entry.indexOf('=');
        if (equals > 0) {
            environment.put(entry.substring(0, equals), entry.substring(equals + 1));
        }
    }

    /** It is made when the image hasn't it. */
    private String directory() {
        String directory = Docker.text(vm, "docker:workdir")
                .or(() -> image.flatMap(OciConfig::workingDirectory))
                .orElse("/");
        guest.makeDirectory(Path.of(directory));
        return directory;
    }
}
