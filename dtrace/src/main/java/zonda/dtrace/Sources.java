package zonda.dtrace;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.base.OpException;
import zonda.dtrace.code.Options;
import zonda.dtrace.provider.Pattern;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Macros;
import zonda.dtrace.syntax.Preprocessor;

/** The programs of a command line, from its words and files to what they mean. */
final class Sources {
    private final CommandLine line;
    private final Options options;
    private final Dtrace.Caller caller;
    private final Dtrace.Terminal terminal;
    private long target;

    Sources(CommandLine line, Options options, Dtrace.Caller caller, Dtrace.Terminal terminal) {
        this.line = line;
        this.options = options;
        this.caller = caller;
        this.terminal = terminal;
    }

    /**
     * A program that was compiled.
     *
     * @param what "script" or "description"
     * @param name as reports have it
     * @param matched how many probes its clauses mean
     */
    record Compiled(String what, String name, int matched, List<Unit.Enabling> enablings) {
        Compiled {
            enablings = List.copyOf(enablings);
        }

        /** The descriptions of its clauses, in their order. */
        List<Pattern> descriptions() {
            return enablings.stream()
                    .flatMap(enabling -> enabling.clause().probes().stream())
                    .map(Pattern::parse)
                    .toList();
        }
    }

    /** The process that $target means from now on. */
    void target(long process) {
        target = process;
    }

    /** Compiles all, after the libraries. @throws Complaint when one is wrong */
    List<Compiled> add(Unit unit) {
        new Libraries(terminal).load(options, unit);
        return line.sources().stream().map(source -> add(unit, source)).toList();
    }

    /** @throws Complaint when it is wrong */
    Compiled add(Unit unit, CommandLine.Source source) {
        boolean script = source.letter() == 's';
        String text = script ? opened(source.text()) : whole(source);
        Macros macros = macros(script ? source.text() : "dtrace");
        int known = unit.enablings().size();
        try {
            text = options.is("cpp") ? preprocessed(text, script ? source.text() : ".") : text;
            int matched = unit.add(text, macros, !script);
            if (line.mode() != CommandLine.Mode.OBJECT && !options.is("argref")) {
                // The words of -G are the objects of the program.
                macros.checkUsed();
            }
            List<Unit.Enabling> enablings = unit.enablings();
            return new Compiled(
                    script ? "script" : "description",
                    script ? source.text() : source.text().split("[{/;]", 2)[0],
                    matched,
                    enablings.subList(known, enablings.size()));
        } catch (DError e) {
            if (e.tag().startsWith("D_CPP_")) {
                terminal.err(source.text() + ":" + e.line() + ": error: " + e.text());
                throw new Complaint((script ? "failed to compile script " : "invalid probe specifier ") + source.text()
                        + ": Preprocessor failed to process input program");
            }
            String tag = options.is("errtags") && !e.tag().isEmpty() ? "[" + e.tag() + "] " : "";
            String words = e.tag().equals("D_PDESC_INVAL")
                    ? e.text().replace(description(source.letter(), "") + "\": ", "\": ")
                    : e.text();
            String where = e.line() > 0 && script ? "line " + e.line() + ": " : "";
            throw new Complaint(
                    script
                            ? "failed to compile script " + source.text() + ": " + tag + where + words
                            : "invalid probe specifier " + source.text() + ": " + tag
                                    + (e.region().isEmpty() ? "" : e.region() + ": ") + words);
        }
    }

    private String opened(String script) {
        try {
            return terminal.file(script);
        } catch (OpException e) {
            throw new Complaint("failed to open " + script + ": " + Outlet.reason(e, script));
        }
    }

    /** A description as the option's letter completes it. */
    private static String description(char letter, String text) {
        return switch (letter) {
            case 'P' -> text + ":::";
            case 'm' -> text + "::";
            case 'f' -> text + ":";
            default -> text;
        };
    }

    private static String whole(CommandLine.Source source) {
        if (source.letter() == 'n' || source.letter() == 'i') {
            return source.text();
        }
        // The clause, if there is one, begins at the first blank, slash or brace.
        String text = source.text();
        int end = 0;
        while (end < text.length() && " \t\n/{;".indexOf(text.charAt(end)) < 0) {
            end++;
        }
        return description(source.letter(), text.substring(0, end)) + text.substring(end);
    }

    private Macros macros(String script) {
        var numbers = new HashMap<String, Long>(Map.of(
                "pid",
                caller.pid(),
                "ppid",
                caller.ppid(),
                "uid",
                caller.uid(),
                "euid",
                caller.uid(),
                "gid",
                caller.gid(),
                "egid",
                caller.gid(),
                "target",
                target));
        numbers.put("pgid", caller.pid());
        numbers.put("sid", caller.pid());
        numbers.put("projid", 0L);
        numbers.put("taskid", 0L);
        numbers.put("zoneid", 0L);
        var words = new ArrayList<String>();
        words.add(script);
        words.addAll(line.words());
        return new Macros(numbers, words, options.is("defaultargs"));
    }

    private String preprocessed(String text, String script) {
        var preprocessor = new Preprocessor(name -> included(name, script));
        options.word("stdc")
                .filter(mode -> !mode.equals("s"))
                .ifPresent(mode -> preprocessor.define("__STDC__=" + (mode.equals("c") ? 1 : 0)));
        options.all("define").forEach(preprocessor::define);
        options.all("undef").forEach(preprocessor::undefine);
        return preprocessor.process(text);
    }

    /** A file beside the script, in a directory of -I, or in the system's. */
    private Optional<String> included(String name, String script) {
        var places = new ArrayList<Path>();
        places.add(terminal.directory().resolve(script).resolveSibling(name));
        options.all("incdir")
                .forEach(directory ->
                        places.add(terminal.directory().resolve(directory).resolve(name)));
        places.add(Path.of("/usr/include").resolve(name));
        for (Path place : places) {
            try {
                return Optional.of(terminal.file(place.toString()));
            } catch (OpException e) {
                // The next place may have it.
            }
        }
        return Optional.empty();
    }
}
