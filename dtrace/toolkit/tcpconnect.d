#!/usr/local/bin/dtrace -s
/* tcpconnect: connections of TCP that are opened, refused and accepted. Needs the tcp provider. */
#pragma D option quiet
#pragma D option switchrate=10hz

BEGIN
{
	printf("%-12s %-16s %6s %-16s %6s\n", "WHAT", "LOCAL", "PORT", "REMOTE", "PORT");
}

tcp:::connect-established, tcp:::connect-refused, tcp:::accept-established
{
	printf("%-12s %-16s %6d %-16s %6d\n", strtok(probename, "-") == "accept" ? "accept" : "connect",
	    args[3]->tcps_laddr, args[3]->tcps_lport, args[3]->tcps_raddr, args[3]->tcps_rport);
}
