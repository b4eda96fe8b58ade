package zonda.dtrace.code;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import zonda.dtrace.syntax.DError;
import zonda.dtrace.syntax.Expr;
import zonda.dtrace.types.DType;
import zonda.dtrace.types.DType.Pointer;

/** Settles members of structures and unions, and of what translators make of other objects. */
final class Members {
    private final Checker checker;

    Members(Checker checker) {
        this.checker = checker;
    }

    Op member(Expr.Member member) {
        int line = member.line();
        Op base = checker.check(member.base());
        if (base instanceof Op.Translated(var _, var _, DType seen)) {
            if (member.arrow() && !(seen instanceof Pointer)) {
                throw notPointer(line);
            }
            return translated(checker, line, (Op.Translated) base, member.name());
        }
        DType.Struct struct = struct(line, member.arrow(), base.type());
        DType.Member found = struct.member(member.name())
                .orElseThrow(() ->
                        new DError("D_TYPE_MEMBER", line, member.name() + " is not a member of " + struct.name()));
        Op address = base instanceof Op.Place(Op where, var _) ? where : base;
        if (found.bitSize() > 0) {
            return new Op.BitField(address, found.bitOffset(), found.bitSize(), found.type());
        }
        Op place = Checker.plus(address, new Op.Const(found.bitOffset() / 8, DType.LONG), 1);
        return checker.at(place, found.type(), line);
    }

    private static DError notPointer(int line) {
        return new DError("D_OP_PTR", line, "operator -> must be applied to a pointer");
    }

    private static DType.Struct struct(int line, boolean arrow, DType base) {
        if (arrow && !base.isPointer()) {
            throw notPointer(line);
        }
        DType type = arrow ? base.target() : base;
        String operator = arrow ? "->" : ".";
        if (!(type instanceof DType.Struct struct)) {
            throw new DError(
                    "D_OP_SOU",
                    line,
                    arrow
                            ? "operator -> cannot be applied to pointer to type \"" + type.name()
                                    + "\"; must be applied to a struct or union pointer"
                            : "operator . cannot be applied to type \"" + type.name()
                                    + "\"; must be applied to a struct or union");
        }
        if (struct.isIncomplete()) {
            throw new DError(
                    "D_OP_INCOMPLETE",
                    line,
                    "operator " + operator + " cannot be applied to a forward declaration: no " + struct.name()
                            + " definition is available");
        }
        return struct;
    }

    /** A member of what a translator makes. */
    static Op translated(Checker checker, int line, Op.Translated whole, String name) {
        Translator translator = whole.translator();
        Expr value = translator
                .member(name)
                .orElseThrow(() -> new DError(
                        "D_XLATE_NOCONV", line, "translator does not define conversion for member: " + name));
        Optional<DType.Member> declared =
                translator.output() instanceof DType.Struct struct ? struct.member(name) : Optional.empty();
        Op op = checker.with(Map.of(translator.parameter(), whole.input())).check(value);
        DType type = declared.map(DType.Member::type).orElse(op.type());
        if (type.isString() || type.isCharacters() && type instanceof DType.Array) {
            return checker.string(op, line);
        }
        return type.isScalar() && Checker.decay(op).type().isScalar() ? new Op.Cast(Checker.decay(op), type) : op;
    }

    Op translate(int line, DType type, Op input) {
        DType output = type instanceof Pointer(DType to) ? to : type;
        Translator translator = checker.names()
                .translator(input.type(), output)
                .orElseThrow(() -> new DError(
                        "D_XLATE_NONE",
                        line,
                        "cannot translate from \"" + input.type().name() + "\" to \"" + type.name() + "\""));
        return new Op.Translated(translator, input, type instanceof Pointer ? type : output);
    }

    Op offsetof(Expr.Offsetof offsetof) {
        int line = offsetof.line();
        if (!(checker.type(offsetof.type()) instanceof DType.Struct struct) || struct.isIncomplete()) {
            throw new DError("D_OFFSETOF_TYPE", line, "offsetof operand must be a struct or union type");
        }
        DType.Member member = struct.member(offsetof.member())
                .orElseThrow(() -> new DError(
                        "D_UNKNOWN",
                        line,
                        "failed to determine offset of " + offsetof.member() + ": Member name not found in type"));
        if (member.bitSize() > 0) {
            throw new DError("D_OFFSETOF_BITFIELD", line, "cannot take offset of a bit-field: " + offsetof.member());
        }
        return new Op.Const(member.bitOffset() / 8, DType.SIZE);
    }

    /** Whether a translator that a program defines makes sense. */
    static void checkTranslator(Names names, int line, Translator translator) {
        if (!(translator.output() instanceof DType.Struct struct)) {
            throw new DError("D_XLATE_SOU", line, "translator output type must be a struct or union");
        }
        if (struct.isIncomplete()) {
            throw new DError("D_XLATE_SOU", line, "incomplete struct/union/enum " + struct.name());
        }
        if (names.translator(translator.input(), translator.output()).isPresent()) {
            throw new DError(
                    "D_XLATE_REDECL",
                    line,
                    "translator from " + translator.input().name() + " to " + struct.name()
                            + " has already been declared");
        }
        Checker inner = Checker.outside(names, List.of(translator.parameter()), List.of(translator.input()));
        translator.members().forEach((name, value) -> {
            DType.Member member = struct.member(name)
                    .orElseThrow(() -> new DError(
                            "D_XLATE_MEMB",
                            value.line(),
                            "translator member " + name + " is not a member of " + struct.name()));
            Op op = inner.check(value);
            if (!Checker.fits(member.type(), op)) {
                throw new DError(
                        "D_XLATE_INCOMPAT",
                        value.line(),
                        "translator member " + name + " definition uses incompatible types: \""
                                + member.type().name() + "\" = \"" + op.type().name() + "\"");
            }
        });
    }
}
