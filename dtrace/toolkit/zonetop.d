#!/usr/local/bin/dtrace -s
/* zonetop: every second, the zones by system calls and by samples of a processor at work, 97 a second on each. */
#pragma D option quiet

syscall:::entry
{
	@calls[zonename] = count();
}

profile-97
/pid != 0/
{
	@samples[zonename] = count();
}

tick-1s
{
	printf("%Y\n%-40s %10s %10s\n", walltimestamp, "ZONE", "CALLS", "SAMPLES");
	printa("%-40s %@10d %@10d\n", @calls, @samples);
	trunc(@calls);
	trunc(@samples);
}
