package zonda.dtrace;

/** How dtrace is called, for those who called it otherwise. */
final class Usage {
    static final String TEXT = """
            Usage: dtrace [-32|-64] [-aACeFGhHlqSvVwZ] [-b bufsz] [-c cmd] [-D name[=def]]
            \t[-I path] [-L path] [-o output] [-p pid] [-s script] [-U name]
            \t[-x opt[=val]] [-X a|c|s|t]

            \t[-P provider [[ predicate ] action ]]
            \t[-m [ provider: ] module [[ predicate ] action ]]
            \t[-f [[ provider: ] module: ] func [[ predicate ] action ]]
            \t[-n [[[ provider: ] module: ] func: ] name [[ predicate ] action ]]
            \t[-i probe-id [[ predicate ] action ]] [ args ... ]

            \tpredicate -> '/' D-expression '/'
            \t   action -> '{' D-statements '}'

            \t-32 accepted and ignored: programs have 64 bits
            \t-64 accepted and ignored

            \t-a  refused: there is no anonymous tracing
            \t-A  refused: there is no anonymous tracing
            \t-b  set trace buffer size
            \t-c  run specified command and exit upon its completion
            \t-C  run preprocessor on script files
            \t-D  define symbol when invoking preprocessor
            \t-e  exit after compiling request but prior to enabling probes
            \t-f  enable or list probes matching the specified function name
            \t-F  coalesce trace output by function
            \t-G  generate an ELF file containing embedded dtrace program
            \t-h  generate a header file with definitions for static probes
            \t-H  accepted and ignored
            \t-i  enable or list probes matching the specified probe id
            \t-I  add include directory to preprocessor search path
            \t-l  list probes matching specified criteria
            \t-L  add library directory to library search path
            \t-m  enable or list probes matching the specified module name
            \t-n  enable or list probes matching the specified probe name
            \t-o  set output file
            \t-p  grab specified process-ID and cache its symbol tables
            \t-P  enable or list probes matching the specified provider name
            \t-q  set quiet mode (only output explicitly traced data)
            \t-s  enable or list probes according to the specified D script
            \t-S  print D compiler intermediate code
            \t-U  undefine symbol when invoking preprocessor
            \t-v  set verbose mode (report stability attributes, arguments)
            \t-V  report DTrace API version
            \t-w  permit destructive actions
            \t-x  enable or modify compiler and tracing options
            \t-X  specify ISO C conformance settings for preprocessor
            \t-Z  permit probe descriptions that match zero probes
            \t--json  print records and aggregations as lines of JSON
            \t--flame file  write a flame graph of the aggregated stacks
            \t--heatmap file  write how aggregated distributions changed over time
            \t--explain probe  show a probe's arguments and an example""";

    private Usage() {}
}
