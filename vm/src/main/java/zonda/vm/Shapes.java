package zonda.vm;

import java.util.function.Predicate;
import java.util.regex.Pattern;
import zonda.base.Cidr;
import zonda.base.Json;
import zonda.base.Mac;
import zonda.base.OpException;
import zonda.kvm.Sectors;

/** What the values of some properties look like, besides being of their type: the column check of the property table. */
final class Shapes {
    private static final Pattern COMPRESSION = Pattern.compile("on|off|gzip(-[1-9])?|lz4|lzjb|zle");
    private static final long LEAST_RECORD = 512;
    private static final long MOST_RECORD = 131_072;
    private static final int MOST_CLIENT_IDS = 20;
    private static final int LONGEST_CLIENT_IDS = 1024;
    private static final int LONGEST_HEX = 512;

    private Shapes() {}

    /** Whether a typed value is as its property wants it. */
    static boolean fits(Property property, Json value) {
        return switch (property.check()) {
            case "validCompression" ->
                holds(value, word -> COMPRESSION.matcher(word).matches());
            case "validRecordSize" -> value instanceof Json.Num number && isRecordSize(number);
            case "validMacAddress" -> holds(value, Shapes::isMac);
            case "validResolver" -> ((Json.Arr) value).strings().stream().allMatch(Shapes::isAddress);
            case "validBhyveSectSize" ->
                holds(value, size -> size.equals("0") || Sectors.parse(size).isPresent());
            case "validCID" -> areClientIds((Json.Arr) value);
            default -> true;
        };
    }

    /** Whether a value stands for the default, as an empty text does. */
    static boolean isUnset(Property property, Json value) {
        return property.check().equals("validRecordSize")
                && value instanceof Json.Num number
                && number.value().signum() == 0;
    }

    private static boolean holds(Json value, Predicate<String> rule) {
        return value instanceof Json.Str(String text) && rule.test(text);
    }

    private static boolean isRecordSize(Json.Num number) {
        long bytes = number.value().longValue();
        return bytes >= LEAST_RECORD && bytes <= MOST_RECORD && Long.bitCount(bytes) == 1;
    }

    private static boolean isMac(String text) {
        try {
            Mac.parse(text);
            return true;
        } catch (OpException e) {
            return false;
        }
    }

    static boolean isAddress(String text) {
        try {
            Cidr.parseAddress(text);
            return true;
        } catch (OpException e) {
            return false;
        }
    }

    private static boolean areClientIds(Json.Arr ids) {
        return ids.strings().size() <= MOST_CLIENT_IDS
                && ids.strings().stream().mapToInt(String::length).sum() < LONGEST_CLIENT_IDS
                && ids.strings().stream().allMatch(id -> !id.startsWith("0x") || isHex(id.substring(2)));
    }

    private static boolean isHex(String digits) {
        return digits.matches("([0-9a-fA-F]{2})+") && digits.length() <= LONGEST_HEX;
    }
}
