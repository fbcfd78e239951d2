// SPDX-License-Identifier: GPL-2.0-only

#include <linux/bug.h>

/* objtool knows this name: nothing follows a call of it. */
__rust_helper __noreturn void rust_helper_BUG(void)
{
	BUG();
}
