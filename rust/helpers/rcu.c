// SPDX-License-Identifier: GPL-2.0-only

#include <linux/limits.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

/*
 * Whether so many readers are nested that most must have been forgotten. C does not look whether its count overflows:
 * from zero on, nobody waits for this task.
 */
__rust_helper bool rust_helper_rcu_is_nested_too_deep(void)
{
#ifdef CONFIG_PREEMPT_RCU
	return unlikely(rcu_preempt_depth() > INT_MAX / 2);
#elif defined(CONFIG_PREEMPT_COUNT)
	return unlikely((preempt_count() & PREEMPT_MASK) > PREEMPT_MASK / 2);
#else
	return false;
#endif
}

__rust_helper void rust_helper_rcu_read_lock(void)
{
	rcu_read_lock();
}

__rust_helper void rust_helper_rcu_read_unlock(void)
{
	rcu_read_unlock();
}
