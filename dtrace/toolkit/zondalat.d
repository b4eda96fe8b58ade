#!/usr/local/bin/dtrace -s
/* zondalat: how long vmadm, imgadm, zoneadm and zlogin take, from their start to their end. Needs the proc provider. */
#pragma D option quiet
#pragma D option switchrate=10hz

proc:::exec
/basename(args[0]) == "vmadm" || basename(args[0]) == "imgadm" || basename(args[0]) == "zoneadm" ||
    basename(args[0]) == "zlogin"/
{
	began[pid] = timestamp;
	name[pid] = basename(args[0]);
}

proc:::exit
/began[pid]/
{
	printf("%-8s %6d ms\n", name[pid], (timestamp - began[pid]) / 1000000);
	@[name[pid]] = quantize((timestamp - began[pid]) / 1000000);
	began[pid] = 0;
	name[pid] = 0;
}
