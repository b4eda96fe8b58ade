/* What every program knows: constants, and how the kernel's objects look in D. */
inline int CLD_EXITED = 1;
inline int CLD_KILLED = 2;
inline int CLD_DUMPED = 3;
inline int B_WRITE = 0x0000;
inline int B_READ = 0x0040;
inline int B_ASYNC = 0x0004;
inline int B_PHYS = 0x0020;
inline int AF_INET = 2;
inline int AF_INET6 = 10;
inline int SIGHUP = 1;
inline int SIGINT = 2;
inline int SIGQUIT = 3;
inline int SIGKILL = 9;
inline int SIGUSR1 = 10;
inline int SIGSEGV = 11;
inline int SIGUSR2 = 12;
inline int SIGPIPE = 13;
inline int SIGALRM = 14;
inline int SIGTERM = 15;
inline int SIGCHLD = 17;
inline int SIGCONT = 18;
inline int SIGSTOP = 19;
inline int EPERM = 1;
inline int ENOENT = 2;
inline int ESRCH = 3;
inline int EINTR = 4;
inline int EIO = 5;
inline int EBADF = 9;
inline int EAGAIN = 11;
inline int ENOMEM = 12;
inline int EACCES = 13;
inline int EFAULT = 14;
inline int EEXIST = 17;
inline int EINVAL = 22;
inline int O_RDONLY = 0;
inline int O_WRONLY = 1;
inline int O_RDWR = 2;
inline int O_CREAT = 0x40;
inline int O_TRUNC = 0x200;
inline int O_APPEND = 0x400;
inline int TCP_STATE_CLOSED = 7;
inline int TCP_STATE_ESTABLISHED = 1;
inline int TCP_STATE_SYN_SENT = 2;
inline int TCP_STATE_SYN_RECEIVED = 3;
inline int TCP_STATE_FIN_WAIT_1 = 4;
inline int TCP_STATE_FIN_WAIT_2 = 5;
inline int TCP_STATE_TIME_WAIT = 6;
inline int TCP_STATE_CLOSE_WAIT = 8;
inline int TCP_STATE_LAST_ACK = 9;
inline int TCP_STATE_LISTEN = 10;
inline int TCP_STATE_CLOSING = 11;
inline void *NULL = (void *)0;

/* Its members by their names on illumos, and by those of Linux. */
struct in6_addr {
	union {
		union {
			uint8_t _S6_u8[16];
			uint32_t _S6_u32[4];
		} _S6_un;
		union {
			uint8_t u6_addr8[16];
			uint16_t u6_addr16[8];
			uint32_t u6_addr32[4];
		} in6_u;
	};
};

typedef struct in6_addr in6_addr_t;
typedef struct rw_semaphore krwlock_t;
typedef struct mutex kmutex_t;

typedef struct psinfo {
	int pr_nlwp;
	pid_t pr_pid;
	pid_t pr_ppid;
	pid_t pr_pgid;
	pid_t pr_sid;
	uid_t pr_uid;
	uid_t pr_euid;
	gid_t pr_gid;
	gid_t pr_egid;
	uintptr_t pr_addr;
	string pr_fname;
	string pr_psargs;
	zoneid_t pr_zoneid;
	dev_t pr_ttydev;
	char pr_dmodel;
	id_t pr_taskid;
	id_t pr_projid;
	id_t pr_poolid;
	id_t pr_contract;
	int pr_wstat;
	int pr_argc;
	uintptr_t pr_argv;
	uintptr_t pr_envp;
} psinfo_t;

typedef struct lwpsinfo {
	int pr_flag;
	id_t pr_lwpid;
	uintptr_t pr_addr;
	uintptr_t pr_wchan;
	char pr_state;
	char pr_sname;
	int pr_pri;
	processorid_t pr_onpro;
	string pr_name;
} lwpsinfo_t;

typedef struct cpuinfo {
	processorid_t cpu_id;
	psetid_t cpu_pset;
	int cpu_chip;
	lgrp_id_t cpu_lgrp;
} cpuinfo_t;

translator cpuinfo_t < processorid_t C > {
	cpu_id = C;
	cpu_pset = 0;
	cpu_chip = 0;
	cpu_lgrp = 0;
};

inline cpuinfo_t *curcpu = xlate <cpuinfo_t *> (cpu);

typedef struct bufinfo {
	int b_flags;
	size_t b_bcount;
	caddr_t b_addr;
	uint64_t b_blkno;
	uint64_t b_lblkno;
	size_t b_resid;
	size_t b_bufsize;
	dev_t b_edev;
} bufinfo_t;

translator bufinfo_t < struct request *R > {
	b_flags = (R->cmd_flags & 0xff) == 0 ? B_READ : B_WRITE;
	b_bcount = R->__data_len;
	b_addr = 0;
	b_blkno = R->__sector;
	b_lblkno = R->__sector;
	b_resid = R->resid_len;
	b_bufsize = R->__data_len;
	b_edev = ((dev_t)R->q->disk->major << 20) | R->q->disk->first_minor;
};

typedef struct devinfo {
	int dev_major;
	int dev_minor;
	int dev_instance;
	string dev_name;
	string dev_statname;
	string dev_pathname;
} devinfo_t;

translator devinfo_t < struct request *R > {
	dev_major = R->q->disk->major;
	dev_minor = R->q->disk->first_minor;
	dev_instance = 0;
	dev_name = R->q->disk->disk_name;
	dev_statname = R->q->disk->disk_name;
	dev_pathname = strjoin("/dev/", stringof(R->q->disk->disk_name));
};

typedef struct fileinfo {
	string fi_name;
	string fi_dirname;
	string fi_pathname;
	offset_t fi_offset;
	string fi_fs;
	string fi_mount;
	int fi_oflags;
} fileinfo_t;

translator fileinfo_t < struct request *R > {
	fi_name = "<unknown>";
	fi_dirname = "<unknown>";
	fi_pathname = "<unknown>";
	fi_offset = 0;
	fi_fs = "<unknown>";
	fi_mount = "<unknown>";
	fi_oflags = 0;
};

/* Paths are not known: there is no function that eBPF may call for them where probes fire. */
translator fileinfo_t < struct file *F > {
	fi_name = F == NULL ? "<none>" : stringof(F->f_path.dentry->d_name.name);
	fi_dirname = F == NULL ? "<none>" : "<unknown>";
	fi_pathname = F == NULL ? "<none>" : "<unknown>";
	fi_offset = F == NULL ? 0 : F->f_pos;
	fi_fs = F == NULL ? "<none>" : stringof(F->f_path.dentry->d_sb->s_type->name);
	fi_mount = F == NULL ? "<none>" : "<unknown>";
	fi_oflags = F == NULL ? 0 : F->f_flags;
};

inline fileinfo_t fds[int fd] = xlate <fileinfo_t> (getf(fd));

typedef struct pktinfo {
	uintptr_t pkt_addr;
} pktinfo_t;

translator pktinfo_t < struct sock *S > {
	pkt_addr = 0;
};

typedef struct csinfo {
	uintptr_t cs_addr;
	uint64_t cs_cid;
	pid_t cs_pid;
	zoneid_t cs_zoneid;
} csinfo_t;

translator csinfo_t < struct sock *S > {
	cs_addr = (uintptr_t)S;
	cs_cid = (uint64_t)S;
	cs_pid = pid;
	cs_zoneid = 0;
};

typedef struct ipinfo {
	uint8_t ip_ver;
	uint32_t ip_plength;
	string ip_saddr;
	string ip_daddr;
} ipinfo_t;

translator ipinfo_t < struct sock *S > {
	ip_ver = S->__sk_common.skc_family == 10 ? 6 : 4;
	ip_plength = 0;
	ip_saddr = S->__sk_common.skc_family == 10 ? inet_ntoa6(&S->__sk_common.skc_v6_rcv_saddr)
	    : inet_ntoa(&S->__sk_common.skc_rcv_saddr);
	ip_daddr = S->__sk_common.skc_family == 10 ? inet_ntoa6(&S->__sk_common.skc_v6_daddr)
	    : inet_ntoa(&S->__sk_common.skc_daddr);
};

typedef struct tcpsinfo {
	uintptr_t tcps_addr;
	int tcps_local;
	int tcps_active;
	uint16_t tcps_lport;
	uint16_t tcps_rport;
	string tcps_laddr;
	string tcps_raddr;
	int32_t tcps_state;
} tcpsinfo_t;

translator tcpsinfo_t < struct sock *S > {
	tcps_addr = (uintptr_t)S;
	tcps_local = 0;
	tcps_active = 0;
	tcps_lport = S->__sk_common.skc_num;
	tcps_rport = ntohs(S->__sk_common.skc_dport);
	tcps_laddr = S->__sk_common.skc_family == 10 ? inet_ntoa6(&S->__sk_common.skc_v6_rcv_saddr)
	    : inet_ntoa(&S->__sk_common.skc_rcv_saddr);
	tcps_raddr = S->__sk_common.skc_family == 10 ? inet_ntoa6(&S->__sk_common.skc_v6_daddr)
	    : inet_ntoa(&S->__sk_common.skc_daddr);
	tcps_state = S->__sk_common.skc_state;
};

typedef struct tcplsinfo {
	int32_t tcps_state;
} tcplsinfo_t;

translator tcplsinfo_t < int I > {
	tcps_state = I;
};

translator pktinfo_t < struct sk_buff *B > {
	pkt_addr = (uintptr_t)B;
};

translator csinfo_t < struct sk_buff *B > {
	cs_addr = (uintptr_t)B->sk;
	cs_cid = (uint64_t)B->sk;
	cs_pid = pid;
	cs_zoneid = 0;
};

translator ipinfo_t < struct iphdr *I > {
	ip_ver = I->version;
	ip_plength = I->version == 6 ? ntohs(((struct ipv6hdr *)I)->payload_len) : ntohs(I->tot_len) - I->ihl * 4;
	ip_saddr = I->version == 6 ? inet_ntoa6(&((struct ipv6hdr *)I)->saddr) : inet_ntoa(&I->saddr);
	ip_daddr = I->version == 6 ? inet_ntoa6(&((struct ipv6hdr *)I)->daddr) : inet_ntoa(&I->daddr);
};

typedef struct ifinfo {
	string if_name;
	int8_t if_local;
	uint32_t if_ipstack;
	uintptr_t if_addr;
} ifinfo_t;

translator ifinfo_t < struct net_device *D > {
	if_name = D == NULL ? "<null>" : stringof(D->name);
	if_local = D == NULL ? 0 : (D->flags & 8) != 0;
	if_ipstack = 0;
	if_addr = (uintptr_t)D;
};

typedef struct ipv4info {
	uint8_t ipv4_ver;
	uint8_t ipv4_ihl;
	uint8_t ipv4_tos;
	uint16_t ipv4_length;
	uint16_t ipv4_ident;
	uint8_t ipv4_flags;
	uint16_t ipv4_offset;
	uint8_t ipv4_ttl;
	uint8_t ipv4_protocol;
	string ipv4_protostr;
	uint16_t ipv4_checksum;
	uint32_t ipv4_src;
	uint32_t ipv4_dst;
	string ipv4_saddr;
	string ipv4_daddr;
	uintptr_t ipv4_hdr;
} ipv4info_t;

/* Of a packet of IPv6 all of it is zero. */
translator ipv4info_t < struct iphdr *I > {
	ipv4_ver = I->version == 4 ? 4 : 0;
	ipv4_ihl = I->version == 4 ? I->ihl * 4 : 0;
	ipv4_tos = I->version == 4 ? I->tos : 0;
	ipv4_length = I->version == 4 ? ntohs(I->tot_len) : 0;
	ipv4_ident = I->version == 4 ? ntohs(I->id) : 0;
	ipv4_flags = I->version == 4 ? ntohs(I->frag_off) >> 12 : 0;
	ipv4_offset = I->version == 4 ? ntohs(I->frag_off) & 0x0fff : 0;
	ipv4_ttl = I->version == 4 ? I->ttl : 0;
	ipv4_protocol = I->version == 4 ? I->protocol : 0;
	ipv4_protostr = I->version != 4 ? "<null>" : I->protocol == 6 ? "TCP" : I->protocol == 17 ? "UDP"
	    : I->protocol == 1 ? "ICMP" : I->protocol == 2 ? "IGMP" : lltostr((int64_t)I->protocol);
	ipv4_checksum = I->version == 4 ? ntohs(I->check) : 0;
	ipv4_src = I->version == 4 ? ntohl(I->saddr) : 0;
	ipv4_dst = I->version == 4 ? ntohl(I->daddr) : 0;
	ipv4_saddr = I->version == 4 ? inet_ntoa(&I->saddr) : "<null>";
	ipv4_daddr = I->version == 4 ? inet_ntoa(&I->daddr) : "<null>";
	ipv4_hdr = I->version == 4 ? (uintptr_t)I : 0;
};

typedef struct ipv6info {
	uint8_t ipv6_ver;
	uint8_t ipv6_tclass;
	uint32_t ipv6_flow;
	uint16_t ipv6_plen;
	uint8_t ipv6_nexthdr;
	string ipv6_nextstr;
	uint8_t ipv6_hlim;
	string ipv6_saddr;
	string ipv6_daddr;
	uintptr_t ipv6_hdr;
} ipv6info_t;

/* Of a packet of IPv4 all of it is zero. */
translator ipv6info_t < struct ipv6hdr *I > {
	ipv6_ver = I->version == 6 ? 6 : 0;
	ipv6_tclass = I->version == 6 ? I->priority << 4 | I->flow_lbl[0] >> 4 : 0;
	ipv6_flow = I->version == 6 ? (I->flow_lbl[0] & 15) << 16 | I->flow_lbl[1] << 8 | I->flow_lbl[2] : 0;
	ipv6_plen = I->version == 6 ? ntohs(I->payload_len) : 0;
	ipv6_nexthdr = I->version == 6 ? I->nexthdr : 0;
	ipv6_nextstr = I->version != 6 ? "<null>" : I->nexthdr == 6 ? "TCP" : I->nexthdr == 17 ? "UDP"
	    : I->nexthdr == 58 ? "ICMPV6" : lltostr((int64_t)I->nexthdr);
	ipv6_hlim = I->version == 6 ? I->hop_limit : 0;
	ipv6_saddr = I->version == 6 ? inet_ntoa6(&I->saddr) : "<null>";
	ipv6_daddr = I->version == 6 ? inet_ntoa6(&I->daddr) : "<null>";
	ipv6_hdr = I->version == 6 ? (uintptr_t)I : 0;
};

typedef struct udpsinfo {
	uintptr_t udps_addr;
} udpsinfo_t;

translator udpsinfo_t < struct sk_buff *B > {
	udps_addr = (uintptr_t)B->sk;
};

typedef struct udpinfo {
	uint16_t udp_sport;
	uint16_t udp_dport;
	uint16_t udp_length;
	uint16_t udp_checksum;
	uintptr_t udp_hdr;
} udpinfo_t;

translator udpinfo_t < struct udphdr *U > {
	udp_sport = ntohs(U->source);
	udp_dport = ntohs(U->dest);
	udp_length = ntohs(U->len);
	udp_checksum = ntohs(U->check);
	udp_hdr = (uintptr_t)U;
};

/* Connections as packets tell of them: which end is here depends on the way they go. */
struct tcp_sent {
	uint8_t header[60];
};

translator tcpsinfo_t < struct tcp_sent *P > {
	tcps_addr = 0;
	tcps_local = 0;
	tcps_active = 0;
	tcps_lport = ntohs(((struct tcphdr *)((uintptr_t)P + (((struct iphdr *)P)->version == 6 ? 40 : ((struct iphdr *)P)->ihl * 4)))->source);
	tcps_rport = ntohs(((struct tcphdr *)((uintptr_t)P + (((struct iphdr *)P)->version == 6 ? 40 : ((struct iphdr *)P)->ihl * 4)))->dest);
	tcps_laddr = ((struct iphdr *)P)->version == 6 ? inet_ntoa6(&((struct ipv6hdr *)P)->saddr)
	    : inet_ntoa(&((struct iphdr *)P)->saddr);
	tcps_raddr = ((struct iphdr *)P)->version == 6 ? inet_ntoa6(&((struct ipv6hdr *)P)->daddr)
	    : inet_ntoa(&((struct iphdr *)P)->daddr);
	tcps_state = 0;
};

struct tcp_received {
	uint8_t header[60];
};

translator tcpsinfo_t < struct tcp_received *P > {
	tcps_addr = 0;
	tcps_local = 0;
	tcps_active = 0;
	tcps_lport = ntohs(((struct tcphdr *)((uintptr_t)P + (((struct iphdr *)P)->version == 6 ? 40 : ((struct iphdr *)P)->ihl * 4)))->dest);
	tcps_rport = ntohs(((struct tcphdr *)((uintptr_t)P + (((struct iphdr *)P)->version == 6 ? 40 : ((struct iphdr *)P)->ihl * 4)))->source);
	tcps_laddr = ((struct iphdr *)P)->version == 6 ? inet_ntoa6(&((struct ipv6hdr *)P)->daddr)
	    : inet_ntoa(&((struct iphdr *)P)->daddr);
	tcps_raddr = ((struct iphdr *)P)->version == 6 ? inet_ntoa6(&((struct ipv6hdr *)P)->saddr)
	    : inet_ntoa(&((struct iphdr *)P)->saddr);
	tcps_state = 0;
};

typedef struct tcpinfo {
	uint16_t tcp_sport;
	uint16_t tcp_dport;
	uint32_t tcp_seq;
	uint32_t tcp_ack;
	uint8_t tcp_offset;
	uint8_t tcp_flags;
	uint16_t tcp_window;
	uint16_t tcp_checksum;
	uint16_t tcp_urgent;
	uintptr_t tcp_hdr;
} tcpinfo_t;

translator tcpinfo_t < struct tcphdr *H > {
	tcp_sport = ntohs(H->source);
	tcp_dport = ntohs(H->dest);
	tcp_seq = ntohl(H->seq);
	tcp_ack = ntohl(H->ack_seq);
	tcp_offset = H->doff * 4;
	tcp_flags = ((uint8_t *)H)[13];
	tcp_window = ntohs(H->window);
	tcp_checksum = ntohs(H->check);
	tcp_urgent = ntohs(H->urg_ptr);
	tcp_hdr = (uintptr_t)H;
};
