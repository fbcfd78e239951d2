// SPDX-License-Identifier: GPL-2.0-only

#include <linux/bug.h>

/* objtool knows this name: nothing follows a call of it. */
__rust_helper __noreturn void rust_helper_BUG(void)
{
	BUG();
}

/* WARN_ON() would name this line: the caller's place is in the message. */
__rust_helper void rust_helper_warn(const char *message)
{
	WARN(1, "%s\n", message);
}
