package zonda.vm;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import zonda.base.Code;
import zonda.base.Json;
import zonda.base.OpException;

/** Whether the values that a record's file holds are of their properties' types: it may have been edited by hand. */
final class KeptTypes {
    private final PropertyTable table;

    KeptTypes(PropertyTable table) {
        this.table = table;
    }

    /** @throws OpException INVALID for a brand that there isn't */
    static Json.Obj ofKnownBrand(Json.Obj properties) {
        String brand = properties.string("brand", "");
        if (Brand.find(brand).isEmpty()) {
            throw new OpException(Code.INVALID, "there is no brand \"" + brand + "\"");
        }
        return properties;
    }

    /** @throws OpException INVALID naming the first property with a value that it can't have */
    Json.Obj checked(Json.Obj properties) {
        ofKnownBrand(properties);
        properties.members().forEach((name, value) -> {
            check(table.find(name), name, value);
            if (value instanceof Json.Arr(List<Json> members)) {
                for (int i = 0; i < members.size(); i++) {
                    member(name, i, members.get(i));
                }
            }
        });
        return properties;
    }

    private void member(String array, int index, Json member) {
        if (member instanceof Json.Obj object) {
            object.members()
                    .forEach((name, value) -> check(table.find(array, name), array + "." + index + "." + name, value));
        }
    }

    private static void check(Optional<Property> property, String at, Json value) {
        if (property.isPresent() && !fits(property.get(), value)) {
            String type = property.get().type().name().toLowerCase(Locale.ROOT).replace('_', ' ');
            throw new OpException(Code.INVALID, at + " can't be " + value.compact() + ": it takes " + type);
        }
    }

    private static boolean fits(Property property, Json value) {
        Optional<Json> typed = Values.typed(property, value);
        return switch (property.type()) {
            case INTEGER, BOOLEAN -> typed.filter(value::equals).isPresent();
            case UUID, STRING, ZPOOL, LIST, FLAT_OBJECT, OBJECT_ARRAY, READ_ONLY -> typed.isPresent();
        };
    }
}
