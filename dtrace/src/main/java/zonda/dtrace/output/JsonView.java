package zonda.dtrace.output;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import zonda.base.Json;
import zonda.dtrace.code.Action.Datum;
import zonda.dtrace.code.Aggregate;
import zonda.dtrace.code.LogLinear;
import zonda.dtrace.types.DType;

/** Data and aggregations for programs: {@code --json}, a line each. */
final class JsonView {
    private final Printf printf;
    private final int stringSize;

    JsonView(Printf printf, int stringSize) {
        this.printf = printf;
        this.stringSize = stringSize;
    }

    /** A number, a string, an array of frames, or the bytes of memory as an array. */
    Json datum(Datum datum, ByteBuffer record) {
        return switch (datum.type()) {
            case DType.Str _ ->
                Json.of(Values.text(Values.bytes(record, datum.offset(), Aggregate.size(datum.type(), stringSize))));
            case DType.Addresses addresses ->
                addresses.isStack()
                        ? Json.Arr.ofStrings(printf.frames(datum, record))
                        : Json.of(printf.symbol(datum, record));
            case DType.Array array -> bytes(record, datum.offset(), array.size());
            case DType.Struct struct -> bytes(record, datum.offset(), struct.size());
            default -> Json.of(Values.number(record, datum.offset(), datum.type()));
        };
    }

    private static Json bytes(ByteBuffer record, int offset, int size) {
        var bytes = new ArrayList<Json>();
        for (int i = 0; i < size; i++) {
            bytes.add(Json.of(record.get(offset + i) & 0xff));
        }
        return Json.Arr.of(bytes.stream());
    }

    /** {@code {"aggregation": "name", "function": "count", "keys": […], "value": n}}, or with buckets. */
    String entry(Aggregations.Entry entry, long value) {
        Aggregate aggregate = entry.aggregate();
        ByteBuffer key = entry.key().buffer();
        var keys = new ArrayList<Json>();
        int offset = 0;
        for (DType type : aggregate.keys()) {
            keys.add(datum(new Datum(offset, type), key));
            offset += Aggregate.size(type, stringSize);
        }
        Json.Obj object = Json.object()
                .with("aggregation", aggregate.name())
                .with("function", aggregate.function().name().toLowerCase(java.util.Locale.ROOT))
                .with("keys", Json.Arr.of(keys.stream()));
        object = switch (aggregate.function()) {
            case QUANTIZE, LQUANTIZE, LLQUANTIZE -> object.with("buckets", buckets(entry));
            default -> object.with("value", value);
        };
        return object.compact() + "\n";
    }

    /** Pairs of where a bucket begins and its count; empty buckets are left out. */
    private static Json buckets(Aggregations.Entry entry) {
        var buckets = new ArrayList<Json>();
        long[] words = entry.words();
        for (int i = 0; i + 1 < words.length; i++) {
            if (words[i + 1] != 0) {
                buckets.add(Json.Arr.of(List.of(Json.of(start(entry.aggregate(), i)), Json.of(words[i + 1])).stream()));
            }
        }
        return Json.Arr.of(buckets.stream());
    }

    private static long start(Aggregate aggregate, int bucket) {
        return switch (aggregate.function()) {
            case QUANTIZE -> Distribution.value(bucket);
            case LQUANTIZE ->
                bucket == 0
                        ? Long.MIN_VALUE
                        : aggregate.parameters().get(0)
                                + (bucket - 1) * aggregate.parameters().get(2);
            default ->
                bucket == 0
                        ? Long.MIN_VALUE
                        : LogLinear.of(aggregate.parameters()).bounds().get(bucket - 1);
        };
    }
}
