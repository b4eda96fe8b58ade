#!/usr/local/bin/dtrace -s
/* iosnoop: requests to disks, how large and how long. Needs the io provider. */
#pragma D option quiet
#pragma D option switchrate=10hz

BEGIN
{
	printf("%-8s %1s %12s %8s %8s\n", "DEVICE", "D", "BLOCK", "BYTES", "US");
}

io:::start
{
	start[args[0]->b_edev, args[0]->b_blkno] = timestamp;
}

io:::done
/start[args[0]->b_edev, args[0]->b_blkno]/
{
	printf("%-8s %1s %12d %8d %8d\n", args[1]->dev_statname, args[0]->b_flags & B_READ ? "R" : "W",
	    args[0]->b_blkno, args[0]->b_bcount,
	    (timestamp - start[args[0]->b_edev, args[0]->b_blkno]) / 1000);
	start[args[0]->b_edev, args[0]->b_blkno] = 0;
}
