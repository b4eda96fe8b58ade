package zonda.dtrace.provider;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A probe: its id, its name in four parts, and where it comes from. */
public record Probe(int id, String provider, String module, String function, String name, Source source) {
    /** By which mechanism a probe fires. */
    public sealed interface Source {
        record Begin() implements Source {}

        record End() implements Source {}

        record Error() implements Source {}

        record Syscall(int number, boolean entry) implements Source {}

        /** @param period nanoseconds @param everywhere on every processor, as profile does, or on one, as tick does */
        record Clock(long period, boolean everywhere) implements Source {}

        /**
         * A counter on every processor.
         *
         * @param event the number of enum perf_hw_id
         * @param user whether what programs do counts @param kernel whether what the kernel does counts
         * @param count after how many events it fires
         */
        record Counter(int event, boolean user, boolean kernel, long count) implements Source {}

        /**
         * A tracepoint of the kernel's.
         *
         * @param task the argument that is the thread the probe is about
         * @param condition in D, over raw0 and so on
         * @param arguments as {@code TYPE = EXPRESSION}; empty when they are the tracepoint's own
         */
        record Tracepoint(String event, Optional<Integer> task, Optional<String> condition, List<String> arguments)
                implements Source {}

        /**
         * A function of the kernel.
         *
         * @param places where the kernel attaches to functions of that name, as far as it tells
         */
        record Function(String module, String name, boolean returns, List<Long> places) implements Source {
            public Function {
                places = List.copyOf(places);
            }
        }

        /** Places that a program brings itself; a probe may be at several. @param process in which it fires */
        record Usdt(List<Site> sites, long process) implements Source {
            public Usdt {
                sites = List.copyOf(sites);
            }
        }

        /**
         * A function of the C library that has to do with a lock, when it is called or returns.
         *
         * @param condition in D, over raw0 and so on, which are the function's arguments, or raw1, which is its result
         * @param arguments as {@code TYPE = EXPRESSION}
         */
        record Lock(
                Path file,
                long offset,
                boolean returns,
                long process,
                Optional<String> condition,
                List<String> arguments)
                implements Source {
            public Lock {
                arguments = List.copyOf(arguments);
            }
        }

        /** A place in a program or library. @param process in which it fires */
        record User(Path file, long offset, boolean returns, long process) implements Source {}
    }

    /**
     * Where a USDT probe is.
     *
     * @param semaphore the offset in the file of the number that says whether somebody looks, or 0
     * @param arguments where its arguments are, in the words of its note
     */
    public record Site(Path file, long offset, long semaphore, String arguments) {}

    public String description() {
        return provider + ":" + module + ":" + function + ":" + name;
    }
}
