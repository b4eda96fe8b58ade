package zonda.dtrace;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import zonda.dtrace.provider.Mappings;
import zonda.dtrace.provider.View;
import zonda.kernel.Bpf;
import zonda.kernel.BpfAssembler;
import zonda.kernel.BpfAssembler.Alu;
import zonda.kernel.BpfAssembler.Jump;
import zonda.kernel.Fd;
import zonda.kernel.LinuxProcess;
import zonda.kernel.PerfEvent;

/**
 * Brings a command from the shell that starts it to its own first instruction. There the program and all libraries that
 * it is linked with are mapped, so that probes can be put into them, and nothing of it has run.
 */
final class FirstInstruction {
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;
    // bpf-helpers(7).
    private static final int PID_TGID = 14;
    private static final int SEND_SIGNAL = 109;
    /** The address of the first instruction: getauxval(3). */
    private static final long AT_ENTRY = 9;

    private FirstInstruction() {}

    /** @param process stopped before it executes the command @return whether it stands at the command's beginning */
    static boolean reach(LinuxProcess process, View view, Duration longest) {
        long[] code = stopping(process.pid());
        try (Fd program = Bpf.load(Bpf.ProgramType.RAW_TRACEPOINT, "exec", code, 0);
                Fd _ = Bpf.attachTracepoint(program, Optional.of("sched_process_exec"))) {
            process.signal(SIGCONT);
            if (!process.awaitStop(longest)) {
                return false;
            }
        }
        Optional<PerfEvent.Place> first = place(process.pid(), view);
        if (first.isEmpty()) {
            return true;
        }
        try (Fd program = Bpf.load(Bpf.ProgramType.KPROBE, "first", code, 0);
                Fd event = PerfEvent.uprobe(first.get(), process.pid());
                Fd _ = Bpf.attachPerfEvent(program, event, 0)) {
            PerfEvent.enable(event);
            process.signal(SIGCONT);
            return process.awaitStop(longest);
        }
    }

    /** A program that stops that process, when it is the one that runs. */
    private static long[] stopping(long pid) {
        var asm = new BpfAssembler();
        int end = asm.newLabel();
        asm.call(PID_TGID).alu(Alu.RSH, 0, 32).jump(Jump.NE, 0, (int) pid, end);
        asm.constant(1, SIGSTOP).call(SEND_SIGNAL);
        return asm.place(end).constant(0, 0).exit().code();
    }

    /** Where in its file the first instruction is; empty when it is in none. */
    private static Optional<PerfEvent.Place> place(long pid, View view) {
        try {
            ByteBuffer vector = ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/" + pid + "/auxv")))
                    .order(ByteOrder.LITTLE_ENDIAN);
            while (vector.remaining() >= 16) {
                long key = vector.getLong();
                long address = vector.getLong();
                if (key == AT_ENTRY) {
                    return Mappings.of(pid)
                            .flatMap(all -> all.at(address))
                            .filter(Mappings.Mapping::isFile)
                            .map(mapping -> new PerfEvent.Place(
                                    view.file(pid, mapping), address - mapping.start() + mapping.offset(), false, 0));
                }
            }
            return Optional.empty();
        } catch (IOException e) {
            // It has ended.
            return Optional.empty();
        }
    }
}
