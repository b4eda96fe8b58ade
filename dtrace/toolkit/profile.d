#!/usr/local/bin/dtrace -s
/* profile: where processors spend their time: stacks of the kernel and of programs, 97 times a second, most last. */
#pragma D option quiet

profile-97
{
	@[execname, stack(), ustack()] = count();
}

END
{
	trunc(@, 20);
	printa(@);
}
