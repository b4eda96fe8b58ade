/* Threads and processes, as the kernel has them. */
translator psinfo_t < struct task_struct *T > {
	pr_nlwp = T->signal->nr_threads;
	pr_pid = T->tgid;
	pr_ppid = T->real_parent->tgid;
	pr_pgid = T->signal->pids[2]->numbers[0].nr;
	pr_sid = T->signal->pids[3]->numbers[0].nr;
	pr_uid = T->cred->uid.val;
	pr_euid = T->cred->euid.val;
	pr_gid = T->cred->gid.val;
	pr_egid = T->cred->egid.val;
	pr_addr = (uintptr_t)T;
	pr_fname = T->group_leader->comm;
	pr_psargs = T == curthread ? __psargs : stringof(T->group_leader->comm);
	pr_dmodel = 2;
	pr_ttydev = 0;
	pr_taskid = 0;
	pr_projid = 0;
	pr_poolid = 0;
	pr_contract = 0;
	pr_wstat = T->exit_code;
	pr_argc = 0;
	pr_argv = T->mm->arg_start;
	pr_envp = T->mm->env_start;
	pr_zoneid = 0;
};

translator lwpsinfo_t < struct task_struct *T > {
	pr_flag = T->flags;
	pr_lwpid = T->pid;
	pr_addr = (uintptr_t)T;
	pr_wchan = 0;
	pr_state = T->__state;
	pr_sname = T->__state == 0 ? 'R' : (T->__state & 1) ? 'S' : (T->__state & 2) ? 'D' : 'T';
	pr_pri = T->prio;
	pr_onpro = 0;
	pr_name = T->comm;
};

inline psinfo_t *curpsinfo = xlate <psinfo_t *> (curthread);
inline lwpsinfo_t *curlwpsinfo = xlate <lwpsinfo_t *> (curthread);
