package zonda.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import zonda.kernel.Command;

/** Shell scripts in which functions are commands of instances, run by the real client: for pipes between them. */
final class Pipes {
    private final Map<String, Instance> hosts = new LinkedHashMap<>();

    /** @param name of the function: {@code name zfs send ...} */
    Pipes with(String name, Instance host) {
        hosts.put(name, host);
        return this;
    }

    Command.Result run(String script) {
        var text = new StringBuilder("set -u\n");
        hosts.forEach((name, host) -> text.append(name)
                .append("() { tool=$1; shift; ZONDA_SOCKET=")
                .append(host.identity().socket())
                .append(' ')
                .append(String.join(" ", host.client("\"$tool\"", "-")))
                .append(" \"$@\"; }\n"));
        return Command.of("bash", "-o", "pipefail", "-c", text + script).run(Instance.LIMIT);
    }

    /** @return standard output of a script that must end well, and say nothing else */
    String good(String script) {
        Command.Result ran = run(script);
        assertThat(ran.status()).as(script + ": " + ran.err()).isZero();
        return ran.out();
    }
}
