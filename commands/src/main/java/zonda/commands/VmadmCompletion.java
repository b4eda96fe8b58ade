package zonda.commands;

import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import zonda.vm.Brand;
import zonda.vm.Columns;
import zonda.vm.Property;
import zonda.vm.PropertyTable;

/** What a shell completes of vmadm's words: verbs and options as its usage has them, properties as the table has them. */
final class VmadmCompletion {
    private static final Pattern VERB = Pattern.compile("  vmadm ([a-z-]+).*");
    private static final Pattern OPTION = Pattern.compile("(?<=[\\[ |])--?[a-zA-Z-]+(?=[\\] ])");

    /** In front of which verbs and names of properties are put in. */
    private static final String SCRIPT = """
            _vmadm() {
                local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]}
                local words= ends= before=
                case $COMP_CWORD,$verb,$prev in
                1,*) words=$verbs ;;
                *,-f | *,--file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
                *,list,-[os] | *,lookup,-o)
                    before=${cur%"${cur##*,}"} cur=${cur##*,} words=$columns ends=nospace ;;
                *,help,*) words=$properties ;;
                2,validate,*) words="create update" ;;
                *,validate,update | 2,schema,*) words=$brands ;;
                3,schema,*) words="create update" ;;
                *,import,* | 3,export,*) COMPREPLY=($(compgen -f -- "$cur")) ;;
                *) case $verb,$cur in
                    *,-*) words=$(_vmadm_options "$verb") ;;
                    list,* | lookup,*) words=$columns before= ends== ;;
                    update,*) if [ "$COMP_CWORD" -gt 2 ]; then words=$updatable ends==; else words=$(_vmadm_vms); fi ;;
                    create,* | apply,* | receive,* | validate,*) ;;
                    *) words=$(_vmadm_vms) ;;
                    esac ;;
                esac
                [ -z "$words" ] || mapfile -t COMPREPLY < <(compgen -P "$before" -S "${ends%nospace}" -W "$words" -- "$cur")
                [ -z "$ends" ] || compopt -o nospace 2>/dev/null
            }

            _vmadm_vms() {
                vmadm list -p -o uuid,alias 2>/dev/null | tr : '\\n' | grep -v '[[:space:]]'
            }

            complete -F _vmadm vmadm
            """;

    private VmadmCompletion() {}

    /** To be read by bash. */
    static String bash(PropertyTable table) {
        return "# Completion of vmadm(8) for bash: printed by vmadm completion bash.\n"
                + SCRIPT.replace("$verbs", quoted(verbs()))
                        .replace("$columns", quoted(new Columns().names().stream()))
                        .replace("$properties", quoted(table.all().stream().map(Property::name)))
                        .replace("$updatable", quoted(updatable(table)))
                        .replace("$brands", quoted(Arrays.stream(Brand.values()).map(Brand::word)))
                + options();
    }

    private static String quoted(Stream<String> words) {
        return words.sorted().distinct().collect(Collectors.joining(" ", "'", "'"));
    }

    private static Stream<String> verbs() {
        return VERB.matcher(VmadmUsage.TEXT).results().map(found -> found.group(1));
    }

    /** What {@code vmadm update VM name=value} takes. */
    private static Stream<String> updatable(PropertyTable table) {
        return table.all().stream()
                .filter(property ->
                        Arrays.stream(Brand.values()).anyMatch(brand -> property.takenBy(Property.Verb.UPDATE, brand)))
                .filter(property -> switch (property.type()) {
                    case FLAT_OBJECT, OBJECT_ARRAY, READ_ONLY -> false;
                    case UUID, BOOLEAN, STRING, INTEGER, LIST, ZPOOL ->
                        property.name().indexOf('.') < 0;
                })
                .map(Property::name);
    }

    private static String options() {
        var text = new StringBuilder("\n_vmadm_options() {\n    case $1 in\n");
        for (String verb : verbs().distinct().toList()) {
            List<String> options = VmadmUsage.of(verb)
                    .lines()
                    .flatMap(line -> OPTION.matcher(line).results().map(MatchResult::group))
                    .distinct()
                    .toList();
            if (!options.isEmpty()) {
                text.append("    ")
                        .append(verb)
                        .append(") echo '")
                        .append(String.join(" ", options))
                        .append("' ;;\n");
            }
        }
        return text.append("    esac\n}\n").toString();
    }
}
