#!/usr/local/bin/dtrace -s
/* tcptop: bytes that each connection of TCP sends and receives, every second. Needs the tcp provider. */
#pragma D option quiet

tcp:::send
{
	@sent[args[3]->tcps_laddr, args[3]->tcps_lport, args[3]->tcps_raddr, args[3]->tcps_rport] =
	    sum(args[2]->ip_plength - args[4]->tcp_offset);
}

tcp:::receive
{
	@received[args[3]->tcps_laddr, args[3]->tcps_lport, args[3]->tcps_raddr, args[3]->tcps_rport] =
	    sum(args[2]->ip_plength - args[4]->tcp_offset);
}

tick-1s
{
	printf("%-24s %6s %-24s %6s %12s %12s\n", "LOCAL", "PORT", "REMOTE", "PORT", "SENT", "RECEIVED");
	printa("%-24s %6d %-24s %6d %@12d %@12d\n", @sent, @received);
	trunc(@sent);
	trunc(@received);
}
