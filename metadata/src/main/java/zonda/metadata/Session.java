package zonda.metadata;

import java.util.Optional;
import zonda.base.OpException;

/**
 * The words of the metadata protocol, one line at a time. Version 1 reads, in lines; version 2 reads and writes, in
 * frames with checksums. A line that is neither, as a client sends to find its feet again, is an invalid command.
 *
 * <p>UEFI and what it starts write to all serial ports, and take what comes from there for keys: a boot loader would not
 * boot when it was told of an invalid command. What is for a terminal has control characters in each line, and no answer.
 */
final class Session {
    private static final System.Logger LOG = System.getLogger(Session.class.getName());
    private static final String INVALID = "invalid command\n";

    private final VmMetadata metadata;

    Session(VmMetadata metadata) {
        this.metadata = metadata;
    }

    /** What to answer to a line, with the line ends; nothing for a broken frame, whose sender asks again. */
    String answer(String line) {
        if (Frame.isOne(line)) {
            return Frame.parse(line).map(frame -> reply(frame).text() + "\n").orElse("");
        }
        String words = line.strip();
        int blank = words.indexOf(' ');
        String command = blank < 0 ? words : words.substring(0, blank);
        String argument = blank < 0 ? "" : words.substring(blank + 1).strip();
        return switch (command) {
            case "GET" -> argument.isEmpty() ? INVALID : version1(() -> metadata.get(argument));
            case "KEYS" -> version1(() -> Optional.of(String.join("\n", metadata.keys())));
            case "NEGOTIATE" -> argument.equals("V2") ? "V2_OK\n" : "FAILURE\n";
            default -> isForTerminal(line) ? "" : INVALID;
        };
    }

    private static boolean isForTerminal(String line) {
        return line.chars().anyMatch(Character::isISOControl);
    }

    private interface Reading {
        Optional<String> value();
    }

    private static String version1(Reading reading) {
        try {
            return reading.value().map(Session::lines).orElse("NOTFOUND\n");
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "metadata request failed", e);
            return "FAILURE\n";
        }
    }

    /** The value, then a line with a dot only; a dot that begins a line of the value is doubled. */
    private static String lines(String value) {
        String escaped = value.isEmpty() ? "" : value.replaceAll("(?m)^\\.", "..") + "\n";
        return "SUCCESS\n" + escaped + ".\n";
    }

    private Frame reply(Frame request) {
        try {
            return switch (request.code()) {
                case "GET" ->
                    metadata.get(request.payload().orElse(""))
                            .map(value -> success(request, value))
                            .orElseGet(() -> new Frame(request.requestId(), "NOTFOUND", Optional.empty()));
                case "KEYS" -> success(request, String.join("\n", metadata.keys()));
                case "DELETE" -> {
                    metadata.delete(request.payload().orElse(""));
                    yield new Frame(request.requestId(), "SUCCESS", Optional.empty());
                }
                case "PUT" -> put(request);
                default -> failure(request, "invalid command");
            };
        } catch (OpException e) {
            return failure(request, e.getMessage());
        } catch (RuntimeException e) {
            LOG.log(System.Logger.Level.ERROR, "metadata request failed", e);
            return failure(request, "internal error");
        }
    }

    /** The payload is key and value, each in base64 once more, with a blank between them. */
    private Frame put(Frame request) {
        String[] parts = request.payload().orElse("").split(" ", 2);
        if (parts.length < 2) {
            return failure(request, "PUT needs a key and a value");
        }
        String key;
        String value;
        try {
            key = Frame.decode(parts[0]);
            value = Frame.decode(parts[1].strip());
        } catch (IllegalArgumentException _) {
            return failure(request, "PUT needs a key and a value in base64");
        }
        metadata.put(key, value);
        return new Frame(request.requestId(), "SUCCESS", Optional.empty());
    }

    private static Frame success(Frame request, String value) {
        return new Frame(request.requestId(), "SUCCESS", Optional.of(value));
    }

    private static Frame failure(Frame request, String message) {
        return new Frame(request.requestId(), "FAILURE", Optional.of(message));
    }
}
