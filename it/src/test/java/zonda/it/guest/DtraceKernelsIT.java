package zonda.it.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import zonda.base.Json;
import zonda.dtrace.Dtrace;
import zonda.kernel.Bpf;
import zonda.kernel.Command;

/**
 * What dtrace generates is accepted by the verifiers of Debian's kernels, 6.1 and 6.12: machines that have nothing but
 * the kernel, a Java and the programs.
 */
@Tag("slow")
@EnabledIfEnvironmentVariable(
        named = "ZONDA_SLOW_TESTS",
        matches = ".+",
        disabledReason = "takes minutes; ZONDA_SLOW_TESTS=1 runs it")
class DtraceKernelsIT {
    private static final Duration COPYING = Duration.ofMinutes(2);
    private static final Duration TRAINING = Duration.ofMinutes(5);
    private static final Duration RUNNING = Duration.ofMinutes(20);
    private static final String CACHE = "/in/programs.aot";
    /** The guest's processor is older than the one that the cache is made on, whose code it would not understand. */
    private static final String NO_CODE = "-XX:+UnlockDiagnosticVMOptions -XX:-AOTAdapterCaching -XX:-AOTStubCaching";

    private static final Path RESOURCES = Path.of("dtrace/src/test/resources/zonda/dtrace");
    /** What is run to its end: functions of the kernel, which not every machine's kernel lets anything attach to. */
    private static final List<String> FUNCTIONS = List.of(
            "vmlinux vfs_read 1 1\\s*\nfbt::vfs_read:entry /pid == $target && args[2] > 0/ { printf(\"%s %s %d %d\","
                    + " probemod, probefunc, arg2 == args[2], args[0]->f_op != 0); exit(0); }",
            "0 1 1\\s*\nfbt::vfs_read:entry /pid == $target/ { self->t = timestamp; } fbt::vfs_read:return /self->t/"
                    + " { printf(\"%d %d %d\", arg0, args[1] == arg1 && arg1 > 0, timestamp > self->t); exit(0); }",
            "(?s)vmlinux`[a-z_0-9]*read[0-9]*\\+0x[0-9a-f]+\\s+vmlinux`[a-z_0-9]*read[0-9]*\\+0x.*\n"
                    + "fbt::vfs_read:entry /pid == $target/ { printf(\"%a\", caller); stack(2); exit(0); }",
            "(?s)vmlinux`[a-z_0-9]*read[0-9]*\\+0x[0-9a-f]+\\s+vmlinux`[a-z_0-9]*read[0-9]*\\+0x.*\n"
                    + "fbt::vfs_read:return /pid == $target/ { printf(\"%a\", caller); stack(2); exit(0); }",
            "(?s).* vfs_read [1-9].* vfs_read [1-9].*\nfbt::vfs_r*:entry, fbt::vfs_r*:return /pid == $target/"
                    + " { @[probename, probefunc] = count(); } tick-3s { printa(\"%s %s %@d \", @); exit(0); }",
            "(?s)(.* vfs_read [1-9].*|.*one by one: [1-9][0-9]{3} are more than the 1000 that .*)\n"
                    + "fbt::*_read*:entry, fbt::*_write*:entry /pid == $target/ { @[probefunc] = count(); }"
                    + " tick-2s { printa(\" %s %@d\", @); exit(0); }",
            "(?s).*probe description fbt::no_such_function:entry does not match any probes.*\n"
                    + "fbt::no_such_function:entry { exit(0); }");

    /** Compiled without frame pointers. Its signal has interrupted middle(). */
    private static final String FRAMELESS = """
            #include <signal.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <string.h>
            #include <unistd.h>
            #define PLAIN __attribute__((noinline, noclone))
            volatile int sink;
            PLAIN int innermost(int n) { char room[200]; memset(room, n, sizeof room); usleep(10000); return room[n & 7]; }
            PLAIN int middle(int n) { char *room = __builtin_alloca(n * 16 + 16); room[0] = n; return innermost(n) + room[0]; }
            PLAIN int ordered(const void *one, const void *two) { sink += middle(3); return *(char *)one - *(char *)two; }
            PLAIN int outer(int n) { char all[2] = {(char)n, 1}; qsort(all, 2, 1, ordered); return all[0] + sink; }
            PLAIN void handler(int number) { sink += middle(number); }
            int main(void) {
                signal(SIGUSR1, handler);
                puts("begun");
                fflush(stdout);
                for (;;) { sink += outer(2); raise(SIGUSR1); }
            }
            """;

    private static final String CALLERS = "frameless`middle\\+0x\\w+\\s+frameless`ordered\\+0x\\w+\\s+libc.*"
            + "frameless`outer\\+0x\\w+\\s+frameless`main\\+0x\\w+\\s+libc.*\n";
    /** What is run to its end with that program as its target. */
    private static final List<String> UNWOUND = List.of(
            "(?s)\\s+frameless`innermost\\s+" + CALLERS
                    + "pid$target:a.out:ordered:entry { self->in = 1; } pid$target:a.out:innermost:entry /self->in/"
                    + " { ustack(); exit(0); }",
            "(?s)\\s+libc\\S*`\\S*nanosleep.*\\s+frameless`innermost\\+0x\\w+\\s+" + CALLERS
                    + "pid$target:a.out:ordered:entry { self->in = 1; } syscall::clock_nanosleep:entry /self->in/"
                    + " { ustack(); exit(0); }",
            "(?s)\\s+frameless`innermost\\s+frameless`middle\\+0x\\w+\\s+frameless`handler\\+0x\\w+\\s+libc.*"
                    + "\\s+frameless`main\\+0x.*\npid$target:a.out:handler:entry { self->in = 1; }"
                    + " pid$target:a.out:innermost:entry /self->in/ { ustack(); exit(0); }",
            "(?s)frameless`middle [1-9][0-9]*\\s+\\S.*frameless`outer.* 1\\s*\npid$target:a.out:ordered:entry"
                    + " { self->in = 1; } pid$target:a.out:innermost:entry /self->in/ { printf(\"%A %d\","
                    + " ufunc(ucaller), ustackdepth); @[ustack()] = count(); exit(0); }");

    private static final List<String> CONFINED = List.of(
            "syscall:::entry { @[execname, pid, ppid, tid, uid, gid, zonename, curpsinfo->pr_psargs] = count();"
                    + " self->t = timestamp; @q[ustack(3)] = quantize(arg1); }"
                    + " syscall:::return /self->t && progenyof($target)/ { printf(\"%s %d\", probefunc, errno); }",
            "this char *m; syscall::openat:entry { this->m = alloca(16); bcopy(copyinstr(arg1), this->m, 8);"
                    + " trace(stringof(this->m)); trace(*(int *)this->m); trace(inet_ntoa((ipaddr_t *)this->m)); }",
            "sched:::on-cpu, sched:::off-cpu, proc:::exit, proc:::exec-success, proc:::create, sysinfo:::sysread,"
                    + " vminfo:::as_fault { @[probename, execname, pid, uid] = count(); }",
            "profile-97 { @[execname, ustack(), arg1] = count(); } tick-1s { trace(execname); } ERROR { trace(arg4); }");
    private static final List<String> PROVIDERS = List.of(
            "syscall:::entry { @[execname, probefunc, stack(), ustack()] = count(); self->t = timestamp; }"
                    + " syscall:::return /self->t/ { @q[probefunc] = quantize(timestamp - self->t); self->t = 0; }",
            "profile-97 { @[sym(arg0), usym(arg1)] = count(); } tick-1s { printa(@); } END { trace(walltimestamp); }",
            "sched::: { @[probename, execname, zonename] = count(); }",
            "proc::: { @[probename, curpsinfo->pr_psargs, curlwpsinfo->pr_name] = count(); }",
            "io::: { @[args[1]->dev_statname, args[0]->b_flags & B_READ] = lquantize(args[0]->b_bcount, 0, 4096, 512); }",
            "vminfo::: { @[probename] = sum(arg0); } sysinfo::: { @s[probename] = sum(arg0); }",
            "tcp::: { @[probename, args[2]->ip_saddr, args[2]->ip_daddr] = count(); }",
            "ip::: { @[args[2]->ip_saddr, args[4]->ipv4_protostr, args[5]->ipv6_nextstr] = sum(args[2]->ip_plength); }",
            "udp::: { @[args[4]->udp_sport, args[4]->udp_dport] = count(); }",
            "fsinfo::: { @[probename, args[0]->fi_name, args[0]->fi_fs] = count(); }",
            "lockstat::: { @[probename, stack(4)] = quantize(arg1); }",
            "sdt:::sched_switch { print(*args[1]); trace(args[2]->comm); }",
            "pid$target:libc:write:entry { self->t = vtimestamp; @[ustack(), arg0, uregs[R_SP]] = count(); }"
                    + " pid$target:libc:write:return /self->t/ { trace(arg1); }",
            "plockstat$target:::mutex-acquire { @[arg0, ustack(2)] = count(); }",
            "syscall::read:entry { raise(0); stop(); } syscall::write:entry { chill(10); }",
            "BEGIN { i = speculation(); speculate(i); trace(1); } BEGIN { commit(i); } ERROR { trace(arg5); }"
                    + " tick-10ms { a[execname, cpu] = ++n; @l = llquantize(n, 10, 0, 6, 20); @d = stddev(n); }");

    @ParameterizedTest
    @ValueSource(strings = {"bookworm", "trixie"})
    void the_kernel_takes_every_program(String suite, @TempDir Path scratch) throws Exception {
        assumeTrue(System.getProperty("user.name").equals("root"), "needs root");
        assumeTrue(Files.isExecutable(Guest.QEMU), "needs qemu-system-x86");
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/gcc")), "needs gcc");
        Path top = Path.of("").toAbsolutePath().getParent();
        GuestImage image = GuestImage.ofKernel(top, suite);
        Path archive = archive(scratch, programs(top));

        List<String> lines = run(image, archive, scratch);
        System.getLogger(DtraceKernelsIT.class.getName()).log(System.Logger.Level.INFO, String.join("\n", lines));

        assertThat(lines).as("how many there were").anyMatch(line -> line.matches("PROGRAMS [1-9][0-9]+"));
        assertThat(lines).noneMatch(line -> line.contains("REFUSED"));
    }

    /** As the guest reads them. */
    private static String programs(Path top) throws IOException {
        var all = new ArrayList<String>();
        FUNCTIONS.forEach(program -> all.add("fires " + program + "\n"));
        UNWOUND.forEach(program -> all.add("unwinds " + program + "\n"));
        CONFINED.forEach(program -> all.add("zone\n" + program + "\n"));
        PROVIDERS.forEach(program -> all.add("host\n" + program + "\n"));
        all.add("host\n" + functions(top));
        try (Stream<Path> scripts = Files.list(top.resolve("dtrace/toolkit"))) {
            for (Path script : scripts.filter(file -> file.toString().endsWith(".d"))
                    .sorted()
                    .toList()) {
                all.add("host\n" + Files.readString(script));
            }
        }
        for (String block :
                Files.readString(top.resolve(RESOURCES.resolve("printed.txt"))).split("(?m)^=====\n")) {
            all.add("host\n" + block.split("(?m)^-----\n", 2)[0]);
        }
        return String.join("=====\n", all);
    }

    /** All functions of text in one program. */
    private static String functions(Path top) throws IOException {
        var program = new StringBuilder();
        for (String row : Files.readAllLines(top.resolve(RESOURCES.resolve("functions.txt")))) {
            if (!row.startsWith("#") && !row.isBlank()) {
                String[] parts = row.split("\\|", 3);
                program.append("BEGIN { this->p = (uint8_t *)alloca(16);")
                        .append(parts.length > 2 ? parts[2] : "")
                        .append(" trace(")
                        .append(parts[0])
                        .append("); }\n");
            }
        }
        return program.toString();
    }

    /** The first and only root of the guest: an archive that its kernel unpacks. */
    private static Path archive(Path scratch, String programs) throws IOException {
        Path root = Files.createDirectories(scratch.resolve("root"));
        Path in = Files.createDirectories(root.resolve("in"));
        GuestJava.install(in, DtracePrograms.class, Dtrace.class, Bpf.class, Json.class);
        Files.writeString(in.resolve("programs"), programs);
        Path source = Files.writeString(scratch.resolve("frameless.c"), FRAMELESS);
        Command.of(
                        "gcc",
                        "-O2",
                        "-fomit-frame-pointer",
                        "-o",
                        in.resolve("frameless").toString(),
                        source.toString())
                .check(COPYING);
        for (String directory : List.of("bin", "proc", "sys", "tmp")) {
            Files.createDirectories(root.resolve(directory));
        }
        Command.of("cp", "-L", "/bin/busybox", root.resolve("bin/").toString()).check(COPYING);
        for (String tool : List.of("sh", "echo", "tr")) {
            Files.createSymbolicLink(root.resolve("bin/" + tool), Path.of("busybox"));
        }
        String libraries = Command.of(
                        "sh",
                        "-c",
                        "ldd \"$1/bin/java\" \"$1/../frameless\" \"$1\"/lib/*.so \"$1/lib/server/libjvm.so\" 2>/dev/null"
                                + " | grep -o '/[^ ]*\\.so[^ ]*' | grep -v \"^$1\" | sort -u",
                        "sh",
                        in.resolve("java").toString())
                .check(COPYING);
        for (String library : libraries.lines().toList()) {
            Command.of("sh", "-c", "mkdir -p \"$2$(dirname $1)\" && cp -L $1 \"$2$1\"", "sh", library, root.toString())
                    .check(COPYING);
        }
        train(root);
        Path init = root.resolve("init");
        Files.writeString(init, """
                #!/bin/busybox sh
                /bin/busybox mkdir -p /proc /sys /dev /tmp /usr/bin
                /bin/busybox --install -s /bin 2>/dev/null
                mount -t proc proc /proc
                mount -t sysfs sysfs /sys
                mount -t devtmpfs dev /dev
                mount -t tracefs tracefs /sys/kernel/tracing
                %s 2>&1
                poweroff -f
                """.formatted(java("-XX:AOTCache=" + CACHE + " -XX:CompileThresholdScaling=5")));
        Files.setPosixFilePermissions(init, PosixFilePermissions.fromString("rwxr-xr-x"));
        Path archive = scratch.resolve("root.cpio");
        Command.of(
                        "sh",
                        "-c",
                        "cd \"$1\" && find . | busybox cpio -o -H newc >\"$2\"",
                        "sh",
                        root.toString(),
                        "" + archive)
                .check(COPYING);
        return archive;
    }

    /** An emulated processor is sooner done with bytecode than with code that it translates again. */
    private static String java(String options) {
        return GuestJava.command(DtracePrograms.class).replace("-Xmx", NO_CODE + " " + options + " -Xmx");
    }

    /** Has the runtime remember, in the guest's own files, what it loads when it compiles all programs. */
    private static void train(Path root) throws IOException {
        Files.writeString(root.resolve("in/train"), java("-XX:AOTCacheOutput=" + CACHE) + " train\n");
        String inside = "mount --bind /proc \"$1/proc\" && mount --bind /sys \"$1/sys\""
                + " && exec chroot \"$1\" /bin/sh /in/train";
        Command.of("unshare", "--mount", "--propagation", "private", "sh", "-c", inside, "sh", root.toString())
                .check(TRAINING);
    }

    private static List<String> run(GuestImage image, Path archive, Path scratch) throws Exception {
        var argv = new ArrayList<>(List.of(Guest.QEMU.toString()));
        // Attaching changes the kernel's code, which emulated processors do not always see in time: one is safe.
        argv.addAll(GuestCpu.options(1));
        argv.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-nic", "none", "-m", "3072"));
        argv.addAll(List.of("-no-reboot", "-kernel", image.kernel().toString(), "-initrd", archive.toString()));
        argv.addAll(List.of("-append", "console=ttyS0 quiet panic=-1 mitigations=off"));
        Path console = scratch.resolve("console");
        argv.addAll(List.of("-serial", "file:" + console));
        Process qemu = Command.of(argv).environment("TMPDIR", "/var/tmp").start();
        try {
            assertThat(qemu.waitFor(RUNNING.toSeconds(), java.util.concurrent.TimeUnit.SECONDS))
                    .as("the guest ends: " + Files.readString(console))
                    .isTrue();
        } finally {
            qemu.destroyForcibly();
        }
        return Files.readAllLines(console).stream()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
    }
}
