#!/usr/local/bin/dtrace -s
/* calltime: how long system calls take, by call; of one program when its name is given: calltime.d '"cat"'. */
#pragma D option quiet
#pragma D option defaultargs

syscall:::entry
/$$1 == "" || execname == $$1/
{
	self->start = timestamp;
}

syscall:::return
/self->start/
{
	@time[probefunc] = sum(timestamp - self->start);
	@count[probefunc] = count();
	self->start = 0;
}

END
{
	normalize(@time, 1000);
	printf("%-24s %12s %10s\n", "CALL", "US", "COUNT");
	printa("%-24s %@12d %@10d\n", @time, @count);
}
