package zonda.dtrace.code;

import java.util.List;
import java.util.Optional;
import zonda.dtrace.types.DType;

/** What the consumer does with the data of a record, in the order of the clause's statements. */
public sealed interface Action {
    /** A piece of a record. @param offset bytes from the record's start */
    record Datum(int offset, DType type) {}

    /** trace(). */
    record Trace(Datum datum) implements Action {}

    /** tracemem(): bytes, of which the second datum's number are shown. */
    record Memory(Datum datum, Optional<Datum> shown) implements Action {}

    /** stack(), ustack(), sym() and the like. */
    record Symbols(Datum datum) implements Action {}

    record Printf(Format format, List<Datum> data) implements Action {}

    /** print(): the value with its type's members. */
    record Print(Datum datum, DType type) implements Action {}

    /** print() of what a translator makes: the members that it gives values to; all others are zero. */
    record PrintMade(DType.Struct type, List<DType.Member> members, List<Datum> data) implements Action {}

    record Printa(Optional<Format> format, List<Aggregate> aggregates) implements Action {}

    record Exit(Datum status) implements Action {}

    record Clear(Aggregate aggregate) implements Action {}

    record Trunc(Aggregate aggregate, Optional<Datum> keep) implements Action {}

    record Normalize(Aggregate aggregate, Optional<Datum> by) implements Action {}

    record Command(Format format, List<Datum> data) implements Action {}

    record Reopen(Format format, List<Datum> data) implements Action {}

    record Commit(Datum speculation) implements Action {}

    record Discard(Datum speculation) implements Action {}

    record Setopt(String name, String value) implements Action {}

    /** ftruncate(): what was written so far goes. */
    record Truncate() implements Action {}

    /** The line that a clause without statements leaves. */
    record Nothing() implements Action {}
}
