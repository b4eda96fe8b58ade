package zonda.vm;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.random.RandomGenerator;
import zonda.base.Json;

/** Brings a payload's value to its property's type, as loosely as vmadm does; empty when it can't be. */
final class Values {
    private static final String UUID_FORM = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

    private Values() {}

    static boolean isUuid(String text) {
        return text.matches(UUID_FORM);
    }

    /** Version 4, RFC 9562. */
    static UUID randomUuid(RandomGenerator random) {
        long high = random.nextLong() & ~0xf000L | 0x4000L;
        long low = random.nextLong() & 0x3fff_ffff_ffff_ffffL | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    static Optional<Json> typed(Property property, Json value) {
        return switch (property.type()) {
            case UUID -> value instanceof Json.Str(String text) && isUuid(text) ? Optional.of(value) : Optional.empty();
            case BOOLEAN -> bool(value).map(Json::of);
            case STRING, ZPOOL -> value instanceof Json.Str ? Optional.of(value) : Optional.empty();
            case INTEGER ->
                property.check().equals("orAuto") && value.equals(Json.of(DiskSpace.AUTO))
                        ? Optional.of(value)
                        : integer(value)
                                .filter(number -> inBounds(property, number))
                                .map(Json::of);
            case LIST -> list(value).map(Json.Arr::ofStrings);
            case FLAT_OBJECT ->
                value instanceof Json.Obj object && isFlat(object) ? Optional.of(value) : Optional.empty();
            case OBJECT_ARRAY ->
                value instanceof Json.Arr array
                                && array.objects().size() == array.items().size()
                        ? Optional.of(value)
                        : Optional.empty();
            case READ_ONLY -> Optional.of(value);
        };
    }

    private static Optional<Boolean> bool(Json value) {
        return switch (value) {
            case Json.Bool(boolean b) -> Optional.of(b);
            case Json.Num(BigDecimal number) ->
                number.signum() == 0
                        ? Optional.of(false)
                        : number.compareTo(BigDecimal.ONE) == 0 ? Optional.of(true) : Optional.empty();
            case Json.Str(String text) ->
                switch (text.toLowerCase(Locale.ROOT)) {
                    case "true", "1", "yes", "on" -> Optional.of(true);
                    case "false", "0", "no", "off", "" -> Optional.of(false);
                    default -> Optional.empty();
                };
            case Json.Null _, Json.Arr _, Json.Obj _ -> Optional.empty();
        };
    }

    private static Optional<String> string(Json value) {
        return switch (value) {
            case Json.Str(String text) -> Optional.of(text);
            case Json.Num number ->
                Optional.of(new Json.Arr(List.of(number)).compact().replaceAll("[\\[\\]]", ""));
            case Json.Bool(boolean b) -> Optional.of(String.valueOf(b));
            case Json.Null _, Json.Arr _, Json.Obj _ -> Optional.empty();
        };
    }

    private static Optional<Long> integer(Json value) {
        return switch (value) {
            case Json.Num number when number.isIntegral() -> exact(number.value());
            case Json.Str(String text)
            when text.strip().matches("-?[0-9]{1,19}") -> exact(new BigDecimal(text.strip()));
            case Json.Num _, Json.Str _, Json.Bool _, Json.Null _, Json.Arr _, Json.Obj _ -> Optional.empty();
        };
    }

    private static Optional<Long> exact(BigDecimal number) {
        try {
            return Optional.of(number.longValueExact());
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    private static boolean inBounds(Property property, long number) {
        return (property.min().isEmpty() || number >= property.min().getAsLong())
                && (property.max().isEmpty() || number <= property.max().getAsLong());
    }

    private static Optional<List<String>> list(Json value) {
        List<String> items = new ArrayList<>();
        switch (value) {
            case Json.Str(String text) -> {
                for (String item : text.split(",")) {
                    if (!item.isBlank()) {
                        items.add(item.strip());
                    }
                }
            }
            case Json.Arr(var elements) -> {
                for (Json element : elements) {
                    Optional<String> item = element instanceof Json.Bool ? Optional.empty() : string(element);
                    if (item.isEmpty() || item.get().contains(",")) {
                        return Optional.empty();
                    }
                    items.add(item.get());
                }
            }
            case Json.Num _, Json.Bool _, Json.Null _, Json.Obj _ -> {
                return Optional.empty();
            }
        }
        return Optional.of(items);
    }

    private static boolean isFlat(Json.Obj object) {
        return object.members().values().stream()
                .allMatch(member ->
                        member instanceof Json.Str || member instanceof Json.Num || member instanceof Json.Bool);
    }
}
