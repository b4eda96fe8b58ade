package zonda.dtrace.syntax;

import java.util.Optional;

/** The words before a declarator that make a type, such as {@code unsigned long}, and which of them go together. */
final class Specifiers {
    private int line;
    private Optional<TypeExpr> tagged = Optional.empty();
    private String base = "";
    private int longs;
    private boolean isShort;
    private boolean isSigned;
    private boolean isUnsigned;

    Specifiers(int line) {
        this.line = line;
    }

    /** The next word is on this line, which is what errors are told of. */
    void at(int line) {
        this.line = line;
    }

    boolean isEmpty() {
        return tagged.isEmpty() && base.isEmpty() && !hasAttributes();
    }

    private boolean hasAttributes() {
        return longs > 0 || isShort || isSigned || isUnsigned;
    }

    void tagged(TypeExpr type) {
        if (!base.isEmpty() || tagged.isPresent()) {
            throw combination("invalid type combination");
        }
        tagged = Optional.of(type);
        check();
    }

    void word(String word) {
        switch (word) {
            case "long" -> {
                if (longs == 2) {
                    throw combination("the attribute 'long' may only be used at most twice in a declaration");
                }
                longs++;
            }
            case "short" -> isShort = once(isShort, word);
            case "signed" -> isSigned = once(isSigned, word);
            case "unsigned" -> isUnsigned = once(isUnsigned, word);
            default -> {
                if (!base.isEmpty() || tagged.isPresent()) {
                    throw combination("invalid type combination");
                }
                base = word;
            }
        }
        check();
    }

    private boolean once(boolean before, String word) {
        if (before) {
            throw combination("the attribute '" + word + "' may only be used at most once in a declaration");
        }
        return true;
    }

    private DError combination(String words) {
        return new DError("D_DECL_COMBO", line, words);
    }

    private void check() {
        if (base.equals("char") && (isShort || longs > 0)) {
            throw new DError(
                    "D_DECL_CHARATTR", line, "invalid type declaration: short and long may not be used with char type");
        }
        if (base.equals("void") && hasAttributes()) {
            throw new DError(
                    "D_DECL_VOIDATTR", line, "invalid type declaration: attributes may not be used with void type");
        }
        boolean integer = tagged.isEmpty() && (base.isEmpty() || base.equals("int") || base.equals("char"));
        if (!integer && (isSigned || isUnsigned)) {
            throw new DError(
                    "D_DECL_SIGNINT",
                    line,
                    "invalid type declaration: signed and unsigned may only be used with integer type");
        }
        boolean floating = base.equals("float") || base.equals("double");
        if (!integer && !floating && longs > 0) {
            throw new DError(
                    "D_DECL_LONGINT",
                    line,
                    "invalid type declaration: long and long long may only be used with integer or floating-point"
                            + " type");
        }
        if (isShort && longs > 0) {
            throw new DError("D_UNKNOWN", line, "failed to resolve type short long: Unknown type name");
        }
        if (isSigned && isUnsigned || isShort && !integer) {
            throw combination("invalid type combination");
        }
    }

    TypeExpr type() {
        return tagged.orElseGet(() -> new TypeExpr.Named(line, name()));
    }

    private String name() {
        if (!base.isEmpty() && !base.equals("int") && !base.equals("char")) {
            return "long ".repeat(longs) + base;
        }
        String size = isShort ? "short" : longs == 1 ? "long" : longs == 2 ? "long long" : "";
        if (base.equals("char")) {
            return (isUnsigned ? "unsigned " : isSigned ? "signed " : "") + "char";
        }
        return (isUnsigned ? "unsigned " : "") + (size.isEmpty() ? "int" : size);
    }
}
