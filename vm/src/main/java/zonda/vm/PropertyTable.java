package zonda.vm;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import zonda.base.Json;

/** All properties a VM can have, read from {@code properties.tsv}, whose head explains its fields. Immutable. */
public final class PropertyTable {
    private static final int FIELDS = 14;

    private final Map<String, Property> properties;

    private PropertyTable(Map<String, Property> properties) {
        this.properties = properties;
    }

    public static PropertyTable load() {
        try (InputStream in = PropertyTable.class.getResourceAsStream("properties.tsv")) {
            if (in == null) {
                throw new IllegalStateException("properties.tsv is missing from this build");
            }
            var properties = new LinkedHashMap<String, Property>();
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#") && !line.isBlank())
                    .map(PropertyTable::parse)
                    .forEach(property -> properties.put(property.name(), property));
            return new PropertyTable(properties);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Property parse(String line) {
        String[] field = line.split("\t", FIELDS);
        if (field.length != FIELDS) {
            throw new IllegalStateException("properties.tsv: not " + FIELDS + " fields: " + line);
        }
        return new Property(
                field[0],
                Property.Type.valueOf(constant(field[1])),
                field[2].equals("read-only")
                        ? List.of()
                        : Arrays.stream(field[2].split(" "))
                                .map(Property.Rule::parse)
                                .toList(),
                field[3].equals("-") ? Optional.empty() : Optional.of(Json.parse(field[3])),
                number(field[4]),
                number(field[5]),
                field[6].equals("-") ? "" : field[6],
                required(field[7]),
                field[8].equals("-") ? Property.Listing.NONE : Property.Listing.valueOf(constant(field[8])),
                field[9].equals("-") ? Property.Change.NONE : Property.Change.valueOf(constant(field[9])),
                Property.Status.valueOf(constant(field[10])),
                field[11],
                field[12].contains("deprecated"),
                field[13]);
    }

    private static String constant(String word) {
        return word.toUpperCase(java.util.Locale.ROOT).replace('-', '_');
    }

    private static OptionalLong number(String text) {
        return text.equals("-") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(text));
    }

    private static Set<Brand> required(String text) {
        Set<Brand> brands = EnumSet.noneOf(Brand.class);
        if (!text.equals("-")) {
            Arrays.stream(text.split(",")).forEach(word -> Brand.find(word).ifPresent(brands::add));
        }
        return brands;
    }

    /** By its whole name, such as {@code nics.*.mac}. */
    public Optional<Property> find(String name) {
        return Optional.ofNullable(properties.get(name));
    }

    /** A member of the objects in an array, such as {@code mac} in {@code nics}. */
    Optional<Property> find(String array, String member) {
        return find(array + ".*." + member);
    }

    public Collection<Property> all() {
        return properties.values();
    }

    /** The names that a payload may have at its top. */
    List<String> topLevel() {
        return properties.values().stream()
                .filter(property -> property.array().isEmpty())
                .map(Property::name)
                .toList();
    }

    /** The names that an object in the array may have. */
    List<String> members(String array) {
        return properties.values().stream()
                .filter(property -> property.array().equals(Optional.of(array)))
                .map(Property::member)
                .toList();
    }
}
