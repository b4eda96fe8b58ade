package zonda.dtrace.syntax;

import java.util.stream.Collectors;

/** A type in the words of C, as a header declares it. */
final class CType {
    private CType() {}

    static String of(TypeExpr type) {
        return switch (type) {
            case TypeExpr.Named(var _, String name) -> name.equals("string") ? "char *" : name;
            case TypeExpr.Tagged(var _, TypeExpr.Kind kind, String tag, var _) ->
                (kind == TypeExpr.Kind.STRUCT ? "struct " : "union ") + tag;
            case TypeExpr.Enumeration(var _, String tag, var _) -> "enum " + tag;
            case TypeExpr.Pointer(var _, TypeExpr.Function(var _, TypeExpr returns, var parameters)) ->
                of(returns) + " (*)(" + parameters.stream().map(CType::of).collect(Collectors.joining(", ")) + ")";
            case TypeExpr.Pointer(var _, TypeExpr to) -> of(to) + (of(to).endsWith("*") ? "*" : " *");
            case TypeExpr.ArrayOf(var _, TypeExpr of, var _) -> of(of) + " *";
            case TypeExpr.Associative(var _, TypeExpr of, var _) -> of(of);
            case TypeExpr.Function(var _, TypeExpr returns, var _) -> of(returns) + " (*)()";
        };
    }
}
