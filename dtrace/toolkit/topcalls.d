#!/usr/local/bin/dtrace -s
/* topcalls: every second, the ten programs with most system calls. Needs the syscall provider. */
#pragma D option quiet

syscall:::entry
{
	@calls[execname] = count();
}

tick-1s
{
	trunc(@calls, 10);
	printf("%Y", walltimestamp);
	printa(@calls);
	trunc(@calls);
}
