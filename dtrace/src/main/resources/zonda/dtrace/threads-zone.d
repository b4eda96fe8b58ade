/* Threads and processes as a zone sees them: what the language itself tells of the probe's own. */
translator psinfo_t < id_t T > {
	pr_nlwp = 0;
	pr_pid = pid;
	pr_ppid = ppid;
	pr_pgid = 0;
	pr_sid = 0;
	pr_uid = uid;
	pr_euid = uid;
	pr_gid = gid;
	pr_egid = gid;
	pr_addr = 0;
	pr_fname = execname;
	pr_psargs = __psargs;
	pr_dmodel = 2;
	pr_ttydev = 0;
	pr_taskid = 0;
	pr_projid = 0;
	pr_poolid = 0;
	pr_contract = 0;
	pr_wstat = 0;
	pr_argc = 0;
	pr_argv = 0;
	pr_envp = 0;
	pr_zoneid = 0;
};

translator lwpsinfo_t < id_t T > {
	pr_flag = 0;
	pr_lwpid = tid;
	pr_addr = 0;
	pr_wchan = 0;
	pr_state = 0;
	pr_sname = 'R';
	pr_pri = 0;
	pr_onpro = cpu;
	pr_name = threadname;
};

inline psinfo_t *curpsinfo = xlate <psinfo_t *> (tid);
inline lwpsinfo_t *curlwpsinfo = xlate <lwpsinfo_t *> (tid);
