// SPDX-License-Identifier: GPL-2.0-only

#include <linux/sched/signal.h>
#include <linux/wait.h>

__rust_helper void rust_helper_init_wait(struct wait_queue_entry *wait)
{
	init_wait(wait);
}

__rust_helper int rust_helper_signal_pending(struct task_struct *task)
{
	return signal_pending(task);
}
