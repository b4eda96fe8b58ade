#!/usr/local/bin/dtrace -s
/* runqlat: how long threads wait for a processor after they are woken. Needs the sched provider. */
#pragma D option quiet

sched:::wakeup
{
	woken[args[0]->pr_lwpid] = timestamp;
}

sched:::on-cpu
/woken[tid]/
{
	@["microseconds"] = quantize((timestamp - woken[tid]) / 1000);
	woken[tid] = 0;
}
