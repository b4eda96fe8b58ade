#!/usr/local/bin/dtrace -s
/* opensnoop: files that are opened, by whom, and whether it worked. Needs the syscall provider. */
#pragma D option quiet
#pragma D option switchrate=10hz

BEGIN
{
	printf("%6s %-16s %4s %4s %s\n", "PID", "PROGRAM", "FD", "ERR", "PATH");
}

syscall::open:entry
{
	self->name = arg0;
}

syscall::openat:entry
{
	self->name = arg1;
}

syscall::open:return, syscall::openat:return
/self->name/
{
	printf("%6d %-16s %4d %4d %s\n", pid, execname, arg1, errno, copyinstr(self->name));
	self->name = 0;
}
