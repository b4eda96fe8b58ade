package zonda.commands;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import zonda.base.Code;
import zonda.base.OpException;
import zonda.vm.Vms;
import zonda.vm.XmlElement;
import zonda.vm.ZoneConfiguration;

/** zonecfg(8): a zone's configuration, shown and changed. */
public final class ZonecfgTool implements Tool {
    private static final String USAGE = """
            usage: zonecfg -z ZONE                     subcommands from standard input
                   zonecfg -z ZONE SUBCOMMAND[; ...]
                   zonecfg -z ZONE -f FILE
            subcommands: add cancel clear commit end exit export help info remove revert select set verify""";

    private final Vms vms;
    private final ZoneConfiguration configuration;

    public ZonecfgTool(Vms vms) {
        this.vms = vms;
        this.configuration = vms.configuration();
    }

    @Override
    public String name() {
        return "zonecfg";
    }

    @Override
    public String complaint(OpException e) {
        return "zonecfg: " + e.getMessage().replaceFirst("^zoneadm: ", "");
    }

    @Override
    public int run(Session session) {
        try {
            List<String> arguments = session.arguments();
            int leading = Getopt.leading(arguments);
            Getopt options = Getopt.parse(arguments.subList(0, leading), "z= u= f=");
            String zone = options.value("z")
                    .or(() -> options.value("u"))
                    .orElseThrow(() -> new OpException(Code.USAGE, "-z is missing: which zone?"));
            new Run(session, vms.resolve(zone), zone)
                    .run(options.value("f"), arguments.subList(leading, arguments.size()));
            return 0;
        } catch (OpException e) {
            if (e.code() == Code.USAGE) {
                session.err(complaint(e));
                session.err(USAGE);
                return Code.USAGE.exitStatus();
            }
            throw e;
        }
    }

    /** One run on one zone. */
    private final class Run {
        private final Session session;
        private final UUID uuid;
        private final String zone;
        private final ZonecfgEdit edit;
        private boolean ended;

        Run(Session session, UUID uuid, String zone) {
            this.session = session;
            this.uuid = uuid;
            this.zone = zone;
            this.edit = new ZonecfgEdit(configuration.of(uuid));
        }

        void run(Optional<String> file, List<String> words) {
            if (file.isPresent() && !words.isEmpty()) {
                throw new OpException(Code.USAGE, "-f FILE and a subcommand exclude each other");
            }
            if (!words.isEmpty()) {
                script(String.join(" ", words));
            } else if (file.isPresent()) {
                script(new String(session.file(file.get()), StandardCharsets.UTF_8));
            } else {
                interactive();
            }
            edit.requireClosed("commit");
            commit();
        }

        /** Nothing is changed when a subcommand fails. */
        private void script(String text) {
            for (ZonecfgWords.Line line : ZonecfgWords.parse(text)) {
                if (!ended) {
                    carryOut(line);
                }
            }
        }

        /** A subcommand that fails is told, and the next is read. */
        private void interactive() {
            var in = new BufferedReader(new InputStreamReader(session.in(), StandardCharsets.UTF_8));
            try {
                prompt();
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    attempt(line);
                    if (ended) {
                        return;
                    }
                    prompt();
                }
            } catch (IOException e) {
                throw new OpException(Code.FAILED, "read standard input: " + e.getMessage(), e);
            }
        }

        private void prompt() {
            if (session.inputIsTerminal()) {
                session.out(
                        "zonecfg:" + zone + edit.open().map(type -> ":" + type).orElse("") + "> ");
            }
        }

        private void attempt(String line) {
            if (!session.inputIsTerminal()) {
                script(line);
                return;
            }
            try {
                script(line);
            } catch (OpException e) {
                session.err(complaint(e));
            }
        }

        private void carryOut(ZonecfgWords.Line line) {
            List<String> words = line.words();
            switch (line.verb()) {
                case "info" -> session.out(info(words));
                case "export" -> export(words);
                case "add" -> edit.add(words);
                case "select" -> edit.select(words);
                case "set" -> edit.set(words);
                case "clear" -> edit.clear(words);
                case "remove" -> {
                    boolean force = !words.isEmpty() && words.getFirst().equals("-F");
                    edit.remove(force ? words.subList(1, words.size()) : words, force);
                }
                case "end" -> edit.end();
                case "cancel" -> edit.cancel();
                case "verify" -> edit.requireClosed("verify");
                case "commit" -> {
                    edit.requireClosed("commit");
                    commit();
                }
                case "revert" -> edit.revert(configuration.of(uuid));
                case "exit" -> ended = true;
                case "help" -> session.out(USAGE + "\n");
                case "create" ->
                    throw new OpException(Code.USAGE, "create: the zone is there; vmadm create makes another");
                case "delete" -> throw new OpException(Code.USAGE, "delete: vmadm delete removes the zone");
                default -> throw new OpException(Code.USAGE, "no subcommand is called " + line.verb());
            }
        }

        private void commit() {
            if (edit.isChanged()) {
                configuration.replace(uuid, edit.zone());
                edit.committed();
            }
        }

        private String info(List<String> words) {
            XmlElement now = edit.zone();
            if (words.isEmpty()) {
                return ZonecfgText.info(now);
            }
            String what = words.getFirst();
            if (!ZonecfgText.ELEMENTS.containsKey(what)) {
                return ZonecfgText.global(now, what);
            }
            List<XmlElement> matching = edit.matching(what, words.subList(1, words.size()));
            return matching.isEmpty() ? "No such " + what + " resource.\n" : ZonecfgText.info(matching, what);
        }

        private void export(List<String> words) {
            String text = ZonecfgText.export(edit.zone());
            Getopt options = Getopt.parse(words, "f=");
            if (options.value("f").isPresent()) {
                session.write(options.value("f").get(), text, false);
            } else {
                session.out(text);
            }
        }
    }
}
