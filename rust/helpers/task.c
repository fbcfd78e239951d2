// SPDX-License-Identifier: GPL-2.0-only

#include <linux/sched.h>

__rust_helper struct task_struct *rust_helper_get_current(void)
{
	return current;
}
