package zonda.dtrace;

/** How dtrace is called, for those who called it otherwise. */
final class Usage {
    static final String TEXT = """
            Usage: dtrace [-CeFGhlqSvVwZ] [-b bufsz] [-c cmd] [-o output] [-p pid] [-x opt[=val]]
            \t[-P provider [[ predicate ] action ]]
            \t[-m [ provider: ] module [[ predicate ] action ]]
            \t[-f [[ provider: ] module: ] func [[ predicate ] action ]]
            \t[-n [[[ provider: ] module: ] func: ] name [[ predicate ] action ]]
            \t[-i probe-id [[ predicate ] action ]] [-s script] [ args ... ]

            \tpredicate -> '/' D-expression '/'
            \t   action -> '{' D-statements '}'

            \t-b  set trace buffer size
            \t-C  run the preprocessor on programs, with -D name[=value], -I path and -U name
            \t-c  run specified command and exit upon its completion
            \t-e  exit after compiling request but prior to enabling probes
            \t-f  enable or list probes matching the specified function name
            \t-F  coalesce trace output by function
            \t-G  make the object for the probes that a script declares
            \t-h  make the header for the probes that a script declares
            \t-i  enable or list probes matching the specified probe id
            \t-l  list probes matching specified criteria
            \t-m  enable or list probes matching the specified module name
            \t-n  enable or list probes matching the specified probe name
            \t-o  set output file
            \t-p  grab specified process-ID and cache its symbol tables
            \t-P  enable or list probes matching the specified provider name
            \t-q  set quiet mode (only output explicitly traced data)
            \t-s  enable or list probes according to the specified D script
            \t-S  print D compiler intermediate code
            \t-v  set verbose mode (report stability attributes, arguments)
            \t-V  report DTrace API version
            \t-w  permit destructive actions
            \t-x  enable or modify compiler and tracing options
            \t-Z  permit probe descriptions that match zero probes
            \t--json  print records and aggregations as lines of JSON
            \t--flame file  write a flame graph of the aggregated stacks
            \t--explain probe  show a probe's arguments and an example""";

    private Usage() {}
}
