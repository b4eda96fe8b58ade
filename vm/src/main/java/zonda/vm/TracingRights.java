package zonda.vm;

import zonda.base.Json;

/**
 * What of dtrace(8) a VM may: the privileges of limit_priv that name it. The word default has none of them, since what
 * they allow runs in the host's kernel.
 *
 * @param user dtrace_user: system calls, scheduling and clocks
 * @param process dtrace_proc: places in programs
 */
public record TracingRights(boolean user, boolean process) {
    /** @param properties of a VM */
    public static TracingRights of(Json.Obj properties) {
        boolean user = false;
        boolean process = false;
        for (String word : properties.array("limit_priv").strings()) {
            String privilege = word.replaceFirst("^[-!]", "");
            boolean given = privilege.equals(word);
            user = privilege.equals("dtrace_user") || word.equals("all") ? given : user;
            process = privilege.equals("dtrace_proc") || word.equals("all") ? given : process;
        }
        return new TracingRights(user, process);
    }

    public boolean any() {
        return user || process;
    }
}
