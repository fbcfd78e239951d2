// SPDX-License-Identifier: GPL-2.0-only

#include <linux/preempt.h>
#include <linux/sched.h>

/* Not in an interrupt that came on top of the current task. */
__rust_helper bool rust_helper_in_task(void)
{
	return in_task();
}

__rust_helper struct task_struct *rust_helper_get_current(void)
{
	return current;
}
