package zonda.commands;

import java.util.ArrayList;
import java.util.List;
import zonda.base.Code;
import zonda.base.OpException;

/**
 * The language of zonecfg(8): subcommands ended by a newline or semicolon, of words and of complex values such as
 * {@code (name=ip,value="10.0.0.2")} and {@code [a,b]}; what is between quotes is one piece, and {@code #} begins a
 * comment.
 */
final class ZonecfgWords {
    private final String text;
    private int at;

    private ZonecfgWords(String text) {
        this.text = text;
    }

    /** One subcommand: its words, quotes taken away. */
    record Line(String verb, List<String> words) {
        Line {
            words = List.copyOf(words);
        }
    }

    /** @throws OpException USAGE for a quote that doesn't end */
    static List<Line> parse(String text) {
        return new ZonecfgWords(text).lines();
    }

    private List<Line> lines() {
        var lines = new ArrayList<Line>();
        var words = new ArrayList<String>();
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '\n' || c == ';') {
                at++;
                end(words, lines);
            } else if (Character.isWhitespace(c)) {
                at++;
            } else if (c == '#' && words.isEmpty()) {
                skipComment();
            } else {
                words.add(word());
            }
        }
        end(words, lines);
        return lines;
    }

    private static void end(List<String> words, List<Line> lines) {
        if (!words.isEmpty()) {
            lines.add(new Line(words.getFirst(), words.subList(1, words.size())));
            words.clear();
        }
    }

    private void skipComment() {
        while (at < text.length() && text.charAt(at) != '\n') {
            at++;
        }
    }

    /** Up to white space or the subcommand's end that no bracket or quote is around. */
    private String word() {
        var word = new StringBuilder();
        int depth = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (c == '"') {
                word.append(quoted());
                continue;
            }
            if (depth == 0 && (Character.isWhitespace(c) || c == ';')) {
                break;
            }
            depth += c == '(' || c == '[' ? 1 : 0;
            depth -= c == ')' || c == ']' ? 1 : 0;
            word.append(c);
            at++;
        }
        return word.toString();
    }

    private String quoted() {
        int end = text.indexOf('"', at + 1);
        if (end < 0) {
            throw new OpException(Code.USAGE, "a quote has no end: " + text.substring(at));
        }
        String piece = text.substring(at + 1, end);
        at = end + 1;
        return piece;
    }
}
