#!/usr/local/bin/dtrace -s
/* execsnoop: programs that start, with who started them. Needs the proc provider. */
#pragma D option quiet
#pragma D option switchrate=10hz

BEGIN
{
	printf("%6s %6s %6s %s\n", "UID", "PPID", "PID", "PROGRAM");
}

proc:::exec
{
	self->path = args[0];
}

proc:::exec-success
/self->path != ""/
{
	printf("%6d %6d %6d %s\n", uid, ppid, pid, self->path);
	self->path = 0;
}

proc:::exec-failure
{
	self->path = 0;
}
