package zonda.dtrace.provider;

import java.nio.file.Path;
import java.util.OptionalLong;

/** What of the system a session may see: all of it, or what is a zone's. */
public interface View {
    /** That of the global zone. */
    View ALL = new View() {
        @Override
        public boolean shows(String provider, Probe.Source source) {
            return true;
        }

        @Override
        public OptionalLong process(long number) {
            return OptionalLong.of(number);
        }

        @Override
        public boolean has(long process) {
            return true;
        }

        @Override
        public Path file(long process, Mappings.Mapping mapping) {
            return Path.of("/proc/" + process + "/root" + mapping.path());
        }

        @Override
        public int mostPlaces() {
            return 20_000;
        }
    };

    boolean shows(String provider, Probe.Source source);

    /** The host's number of a process, by that which the session knows it by; empty when there is none to be seen. */
    OptionalLong process(long number);

    /** Whether the memory and files of a process may be looked at, by the host's number. */
    boolean has(long process);

    /** Where the file that a process has mapped can be read. */
    Path file(long process, Mappings.Mapping mapping);

    /** Places of processes that may be probed at the same time. */
    int mostPlaces();

    default boolean isAll() {
        return this == ALL;
    }
}
