package zonda.commands;

import java.io.IOException;
import java.util.List;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.vm.Vms;

/** The verbs of zoneadm(8) that take a zone from configured to installed and back, and verify. */
final class ZoneadmInstalling {
    private final Vms vms;

    ZoneadmInstalling(Vms vms) {
        this.vms = vms;
    }

    void carryOut(Session session, UUID zone, String verb, List<String> words) {
        try {
            switch (verb) {
                case "verify" -> verify(session, zone, words);
                case "install" -> install(zone, words);
                case "uninstall" -> uninstall(session, zone, words);
                case "clone" -> copy(zone, words);
                case "mark" -> mark(zone, words);
                default -> throw new IllegalArgumentException(verb);
            }
        } catch (OpException e) {
            if (e.code() != Code.CONFLICT) {
                throw e;
            }
            throw new OpException(e.code(), "zone '" + name(zone) + "': " + e.getMessage(), e);
        }
    }

    private String name(UUID zone) {
        return vms.get(zone).string("zonename", "");
    }

    private void verify(Session session, UUID zone, List<String> words) {
        none("verify", words);
        List<String> problems = vms.installing().problems(zone);
        problems.forEach(problem -> session.err("zoneadm: " + problem));
        if (!problems.isEmpty()) {
            throw new OpException(Code.FAILED, "zone " + name(zone) + " failed to verify");
        }
    }

    private void install(UUID zone, List<String> words) {
        Getopt options = Getopt.parse(words, "x=");
        none("install", options.operands());
        boolean known =
                options.value("x").filter(word -> !word.equals("nodataset")).isEmpty();
        if (!known) {
            throw new OpException(Code.USAGE, "-x takes nodataset");
        }
        vms.installing().install(zone);
    }

    private void uninstall(Session session, UUID zone, List<String> words) {
        Getopt options = Getopt.parse(words, "F");
        none("uninstall", options.operands());
        if (!options.has("F") && !agrees(session, zone)) {
            return;
        }
        vms.installing().uninstall(zone);
    }

    /** Only who sits at a terminal is asked. */
    private boolean agrees(Session session, UUID zone) {
        if (!session.inputIsTerminal()) {
            throw new OpException(
                    Code.FAILED,
                    "zone '" + name(zone)
                            + "': input is not from a terminal, and -F is not given: uninstall is not done");
        }
        session.errRaw("Are you sure you want to uninstall zone " + name(zone) + " (y/[n])? ");
        try {
            int answer = session.in().read();
            return answer == 'y' || answer == 'Y';
        } catch (IOException e) {
            throw new OpException(Code.FAILED, "read standard input: " + e.getMessage(), e);
        }
    }

    private void copy(UUID zone, List<String> words) {
        Getopt options = Getopt.parse(words, "m= s=");
        if (options.operands().size() != 1) {
            throw new OpException(Code.USAGE, "clone of which zone?");
        }
        boolean known = options.value("m").filter(word -> !word.equals("clone")).isEmpty();
        if (!known) {
            throw new OpException(
                    Code.NOT_SUPPORTED, "clone -m is not supported: a clone shares with its source what both have");
        }
        UUID source = vms.resolve(options.operands().getFirst());
        vms.installing().copy(zone, source, options.value("s"));
    }

    private void mark(UUID zone, List<String> words) {
        if (!words.equals(List.of("incomplete"))) {
            throw new OpException(Code.USAGE, "mark takes incomplete");
        }
        vms.installing().markIncomplete(zone);
    }

    private static void none(String verb, List<String> words) {
        if (!words.isEmpty()) {
            throw new OpException(Code.USAGE, verb + " does not take " + String.join(" ", words));
        }
    }
}
