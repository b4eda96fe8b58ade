package zonda.dtrace.types;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Types in the kernel's format, made word by word as linux/btf.h has it. */
class BtfTest {
    private static final int SIGNED_32 = 1 << 24 | 32;

    /** Types and texts as they are collected. @param firstString where those of the kernel end */
    private record Writer(List<Integer> words, ByteArrayOutputStream texts, int firstString) {
        static Writer behind(int firstString) {
            var writer = new Writer(new ArrayList<>(), new ByteArrayOutputStream(), firstString);
            if (firstString == 0) {
                writer.texts.write(0);
            }
            return writer;
        }

        int text(String text) {
            int at = firstString + texts.size();
            texts.writeBytes((text + "\0").getBytes(StandardCharsets.UTF_8));
            return at;
        }

        Writer type(int name, int kind, int length, int word, Integer... more) {
            words.addAll(List.of(name, kind << 24 | length, word));
            words.addAll(Arrays.asList(more));
            return this;
        }

        byte[] bytes() {
            int size = 4 * words.size();
            ByteBuffer data = ByteBuffer.allocate(24 + size + texts.size()).order(ByteOrder.LITTLE_ENDIAN);
            data.putShort((short) 0xeb9f).put((byte) 1).put((byte) 0).putInt(24);
            data.putInt(0).putInt(size).putInt(size).putInt(texts.size());
            words.forEach(data::putInt);
            return data.put(texts.toByteArray()).array();
        }
    }

    /** 1: int, 2: struct file { int mode; }, 3: a pointer to it, 4: int (struct file *), 5: the function open_it. */
    private static Writer kernel() {
        Writer kernel = Writer.behind(0);
        kernel.type(kernel.text("int"), Btf.KIND_INT, 0, 4, SIGNED_32);
        kernel.type(kernel.text("file"), Btf.KIND_STRUCT, 1, 4, kernel.text("mode"), 1, 0);
        kernel.type(0, Btf.KIND_POINTER, 0, 2);
        kernel.type(0, Btf.KIND_PROTOTYPE, 1, 1, kernel.text("file"), 3);
        return kernel.type(kernel.text("open_it"), Btf.KIND_FUNCTION, 1, 4);
    }

    @Test
    void a_function_has_the_types_of_its_prototype() {
        Btf.Prototype open = Btf.of(kernel().bytes()).function("open_it").orElseThrow();

        assertThat(open.result().name()).isEqualTo("int");
        assertThat(open.parameters()).singleElement().isInstanceOf(DType.Pointer.class);
        assertThat(Btf.of(kernel().bytes()).function("close_it")).isEmpty();
    }

    @Test
    void types_of_a_module_go_on_behind_those_of_the_kernel() {
        Writer writer = kernel();
        Btf kernel = Btf.of(writer.bytes());
        Writer added = Writer.behind(writer.texts().size());
        // 6: struct inode { struct file *open; }, 7: a pointer to it, 8: void (struct inode *, int), 9 and 10:
        // functions.
        added.type(added.text("inode"), Btf.KIND_STRUCT, 1, 8, added.text("open"), 3, 0);
        added.type(0, Btf.KIND_POINTER, 0, 6);
        added.type(0, Btf.KIND_PROTOTYPE, 2, 0, added.text("inode"), 7, added.text("mode"), 1);
        added.type(added.text("ext4_read"), Btf.KIND_FUNCTION, 1, 8);
        added.type(added.text("ext4_open"), Btf.KIND_FUNCTION, 1, 4);
        Btf module = kernel.module(added.bytes());

        Btf.Prototype read = module.function("ext4_read").orElseThrow();
        assertThat(read.result()).isEqualTo(DType.VOID);
        assertThat(read.parameters().getLast().name()).isEqualTo("int");
        DType inode = ((DType.Pointer) read.parameters().getFirst()).to();
        assertThat(inode.name()).isEqualTo("struct inode");
        DType file = ((DType.Pointer)
                        ((DType.Struct) inode).member("open").orElseThrow().type())
                .to();
        assertThat(((DType.Struct) file).member("mode")).isPresent();
        // A prototype that the kernel has, too, is the kernel's.
        assertThat(module.function("ext4_open").orElseThrow().result().name()).isEqualTo("int");
        assertThat(module.function("open_it")).isEmpty();
    }
}
