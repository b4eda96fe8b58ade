package zonda.dtrace.code;

import java.util.Map;
import java.util.Optional;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;

/** How the members of one structure come from an object of another type. */
public record Translator(DType output, DType input, String parameter, Map<String, Expr> members) {
    public Translator {
        members = Map.copyOf(members);
    }

    Optional<Expr> member(String name) {
        return Optional.ofNullable(members.get(name));
    }
}
