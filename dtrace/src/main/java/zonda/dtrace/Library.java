package zonda.dtrace;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import zonda.dtrace.code.Names;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.syntax.Item;
import zonda.dtrace.types.DType;

/** Texts that come with the module, and declarations. */
final class Library {
    private Library() {}

    static String text(String name) {
        try (InputStream in = Library.class.getResourceAsStream("/zonda/dtrace/" + name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is not in the module");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static long constant(Names names, Expr expression) {
        return names.constant(expression);
    }

    /** Declares a variable as the program wrote it. */
    static void declare(Names names, Item.Declaration declaration, DType type, List<DType> keys) {
        boolean memory = type instanceof DType.Struct || type instanceof DType.Array;
        boolean fits = type.isScalar() || type.isString() || memory && keys.isEmpty() && type.size() > 0;
        if (type instanceof DType.Void) {
            throw new DError("D_DECL_VOIDOBJ", declaration.line(), "cannot have void object: " + declaration.name());
        }
        if (!fits) {
            throw new DError(
                    "D_DECL_CLASS",
                    declaration.line(),
                    "variables of type " + type.name() + " are not supported: " + declaration.name());
        }
        names.declared(declaration.line(), declaration.scope(), declaration.name(), type, keys);
    }
}
