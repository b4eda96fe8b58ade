#!/usr/local/bin/dtrace -s
/* gcpause: how long the garbage collector of a JVM works each time: gcpause.d -p PID. Needs the JVM's own probes. */
#pragma D option quiet
#pragma D option switchrate=10hz

uint64_t began;

hotspot$target:::gc-begin
/!began/
{
	began = timestamp;
}

hotspot$target:::gc-end
/began/
{
	printf("%Y %8d us\n", walltimestamp, (timestamp - began) / 1000);
	@["microseconds"] = quantize((timestamp - began) / 1000);
	began = 0;
}
