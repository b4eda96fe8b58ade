package zonda.dtrace;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import zonda.dtrace.code.Names;
import zonda.dtrace.syntax.DError;
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

    /** Declares a variable as the program wrote it. */
    static void declare(Names names, Item.Declaration declaration, DType type, List<DType> keys) {
        boolean memory = type instanceof DType.Struct || type instanceof DType.Array || type instanceof DType.Float;
        boolean fits = type.isScalar() || type.isString() || memory && type.size() > 0;
        int line = declaration.line();
        String name = declaration.name();
        if (type instanceof DType.Void) {
            throw new DError("D_DECL_VOIDOBJ", line, "cannot have void object: " + name);
        }
        if (type instanceof DType.Struct struct && struct.isIncomplete()) {
            throw new DError("D_DECL_INCOMPLETE", line, "incomplete struct/union/enum " + struct.name() + ": " + name);
        }
        if (type instanceof DType.Array && type.size() == 0) {
            throw new DError(
                    "D_DECL_ARRNULL", line, "array declaration requires array dimension or tuple signature: " + name);
        }
        if (!fits) {
            throw new DError("D_UNKNOWN", line, "variables of type " + type.name() + " are not supported: " + name);
        }
        names.declared(line, declaration.scope(), name, type, keys);
    }
}
