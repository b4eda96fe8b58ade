package zonda.storage;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import zonda.base.Bytes;

/** What contracts of streams need. */
abstract class StreamingContract extends Contract {
    byte[] send(SendRequest request) {
        var out = new ByteArrayOutputStream();
        datasets().streams().send(request, out, _ -> {});
        return out.toByteArray();
    }

    byte[] send(String to) {
        return send(SendRequest.of(to));
    }

    byte[] send(String from, String to) {
        return send(SendRequest.of(to, from));
    }

    void receive(ReceiveRequest request, byte[] stream) {
        datasets().streams().receive(request, new ByteArrayInputStream(stream), ReceiveListener.NONE);
    }

    void receive(String target, byte[] stream) {
        receive(ReceiveRequest.into(target), stream);
    }

    String content(String snapshot) {
        Path file = datasets().directory(snapshot).resolve("file");
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void made(String dataset, String snapshot, String text) {
        write(dataset, text);
        snapshot(dataset + "@" + snapshot);
    }

    void volume(String name, long size) {
        datasets().create(name, DatasetOptions.DEFAULT.volume(new VolumeShape(Bytes.of(size), 8192)));
    }

    static byte[] noise(int length, long seed) {
        byte[] bytes = new byte[length];
        new java.util.Random(seed).nextBytes(bytes);
        return bytes;
    }
}
