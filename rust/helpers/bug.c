// SPDX-License-Identifier: GPL-2.0

#include <linux/bug.h>

/*
 * objtool knows by name which functions never return, and warns of the code behind a call to any other
 * that does not. To it, and to the compiler, this one might.
 */
__rust_helper void rust_helper_BUG(void)
{
	bool really = true;

	OPTIMIZER_HIDE_VAR(really);
	if (really)
		BUG();
}
