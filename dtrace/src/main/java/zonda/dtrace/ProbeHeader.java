package zonda.dtrace;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import zonda.dtrace.syntax.Item;

/**
 * The header of -h: a macro for each probe of a provider, by which a C program brings the probe, and one that says whether
 * somebody looks. A probe is an instruction that does nothing with a note of SystemTap's kind beside it; all that is
 * needed is in the header.
 */
final class ProbeHeader {
    private ProbeHeader() {}

    static String of(String name, List<Item.Provider> providers) {
        String guard = "_" + name.toUpperCase(Locale.ROOT).replaceAll("[^A-Z0-9]", "_");
        var out = new StringBuilder("/* Made by dtrace -h. */\n\n#ifndef " + guard + "\n#define " + guard + "\n\n");
        out.append("#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
        for (Item.Provider provider : providers) {
            for (Item.Declared probe : provider.probes()) {
                probe(provider.name(), probe, out);
            }
        }
        return out.append("#ifdef __cplusplus\n}\n#endif\n\n#endif\n").toString();
    }

    private static void probe(String provider, Item.Declared probe, StringBuilder out) {
        String macro = provider.toUpperCase(Locale.ROOT) + "_"
                + probe.name().toUpperCase(Locale.ROOT).replace("__", "_");
        String semaphore = provider + "_" + probe.name() + "_semaphore";
        int count = probe.parameters().size();
        String names = IntStream.range(0, count).mapToObj(i -> "arg" + i).collect(Collectors.joining(", "));
        String places = IntStream.range(0, count).mapToObj(i -> "-8@%" + i).collect(Collectors.joining(" "));
        String values = IntStream.range(0, count)
                .mapToObj(i -> "\"nor\" ((long)(arg" + i + "))")
                .collect(Collectors.joining(", "));
        String types = probe.parameters().stream().map(Item.Parameter::written).collect(Collectors.joining(", "));
        out.append("/* ").append(macro).append("(").append(types).append(") */\n");
        out.append("__attribute__((weak, used, section(\".probes\"))) unsigned short ")
                .append(semaphore)
                .append(";\n");
        out.append("#define ")
                .append(macro)
                .append("_ENABLED() \\\n\t__builtin_expect(*(volatile unsigned short *)&")
                .append(semaphore)
                .append(", 0)\n");
        out.append("#define ").append(macro).append("(").append(names).append(") \\\n");
        out.append("\t__asm__ __volatile__ ( \\\n");
        for (String line : note(provider, probe.name(), semaphore, places)) {
            out.append("\t\t\"").append(line.replace("\"", "\\\"")).append("\\n\" \\\n");
        }
        out.append("\t\t:: ").append(values).append(")\n\n");
    }

    private static List<String> note(String provider, String probe, String semaphore, String places) {
        return List.of(
                "990: nop",
                ".pushsection .note.stapsdt,\"?\",\"note\"",
                ".balign 4",
                ".4byte 992f-991f, 994f-993f, 3",
                "991: .asciz \"stapsdt\"",
                "992: .balign 4",
                "993: .8byte 990b",
                ".8byte _.stapsdt.base",
                ".8byte " + semaphore,
                ".asciz \"" + provider + "\"",
                ".asciz \"" + probe + "\"",
                ".asciz \"" + places + "\"",
                "994: .balign 4",
                ".popsection",
                ".ifndef _.stapsdt.base",
                ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat",
                ".weak _.stapsdt.base",
                ".hidden _.stapsdt.base",
                "_.stapsdt.base: .space 1",
                ".size _.stapsdt.base, 1",
                ".popsection",
                ".endif");
    }
}
