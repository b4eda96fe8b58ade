package zonda.vm;

import java.util.ArrayList;
import java.util.List;
import zonda.base.Json;
import zonda.vm.Property.Verb;

/** Payloads of vmadm(8) as a JSON Schema (draft 2020-12), by the property table. */
public final class VmSchema {
    private final PropertyTable table;

    public VmSchema(PropertyTable table) {
        this.table = table;
    }

    /** @param verb CREATE or UPDATE */
    public Json.Obj of(Brand brand, Verb verb) {
        Json.Obj properties = Json.object();
        List<String> required = new ArrayList<>();
        for (Property property : table.all()) {
            if (property.array().isEmpty() && property.takenBy(verb, brand)) {
                properties = properties.with(property.name(), property(property, brand, verb));
                if (verb == Verb.CREATE && property.required().contains(brand)) {
                    required.add(property.name());
                }
            }
        }
        Json.Obj schema = Json.object()
                .with("$schema", "https://json-schema.org/draft/2020-12/schema")
                .with("title", "vmadm " + (verb == Verb.CREATE ? "create" : "update") + ", brand " + brand.word())
                .with("type", "object")
                .with("properties", properties);
        return required.isEmpty() ? schema : schema.with("required", Json.Arr.ofStrings(required));
    }

    private Json.Obj property(Property property, Brand brand, Verb verb) {
        Json.Obj schema = type(property, brand).with("description", property.effect());
        if (property.min().isPresent()) {
            schema = schema.with("minimum", property.min().getAsLong());
        }
        if (property.max().isPresent()) {
            schema = schema.with("maximum", property.max().getAsLong());
        }
        if (verb == Verb.CREATE && property.defaultValue().isPresent()) {
            schema = schema.with("default", property.defaultValue().get());
        }
        return property.deprecated() ? schema.with("deprecated", true) : schema;
    }

    private Json.Obj type(Property property, Brand brand) {
        return switch (property.type()) {
            case UUID -> Json.object().with("type", "string").with("format", "uuid");
            case BOOLEAN -> Json.object().with("type", "boolean");
            case STRING, ZPOOL, READ_ONLY -> Json.object().with("type", "string");
            case INTEGER ->
                property.check().equals("orAuto")
                        ? Json.object().with("type", Json.Arr.ofStrings(List.of("integer", "string")))
                        : Json.object().with("type", "integer");
            case LIST ->
                Json.object().with("type", "array").with("items", Json.object().with("type", "string"));
            case FLAT_OBJECT ->
                Json.object()
                        .with("type", "object")
                        .with(
                                "additionalProperties",
                                Json.object().with("type", Json.Arr.ofStrings(List.of("string", "number", "boolean"))));
            case OBJECT_ARRAY -> Json.object().with("type", "array").with("items", member(property, brand));
        };
    }

    private Json.Obj member(Property array, Brand brand) {
        String kind = array.check().startsWith("as:") ? array.check().substring(3) : array.name();
        Verb verb = array.name().startsWith("update_") ? Verb.UPDATE : Verb.ADD;
        Json.Obj properties = Json.object();
        for (String name : table.members(kind)) {
            Property member = table.find(kind, name).orElseThrow();
            if (member.takenBy(verb, brand)) {
                properties = properties.with(name, property(member, brand, verb));
            }
        }
        return Json.object().with("type", "object").with("properties", properties);
    }
}
