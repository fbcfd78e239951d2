// SPDX-License-Identifier: GPL-2.0-only

#include <linux/completion.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

/*
 * Who waits for all readers must not be one: that would stop RCU for the whole system, or end the wait at once where
 * readers are not counted. These kernels do not preempt, so a CPU has the readers of one task.
 */
#if defined(CONFIG_PREEMPT_RCU)
#define REVOCABLE_ENTER()	do { } while (0)
#define REVOCABLE_LEAVE()	do { } while (0)
#define REVOCABLE_IS_READ()	(rcu_preempt_depth() > 0)
#elif defined(CONFIG_PREEMPT_COUNT)
#define REVOCABLE_ENTER()	do { } while (0)
#define REVOCABLE_LEAVE()	do { } while (0)
#define REVOCABLE_IS_READ()	in_atomic()
#else
static DEFINE_PER_CPU(unsigned long, rust_helper_revocable_readers);
#define REVOCABLE_ENTER()	this_cpu_inc(rust_helper_revocable_readers)
#define REVOCABLE_LEAVE()	this_cpu_dec(rust_helper_revocable_readers)
#define REVOCABLE_IS_READ()	(this_cpu_read(rust_helper_revocable_readers) > 0)
#endif

__rust_helper void rust_helper_revocable_read_lock(void)
{
	rcu_read_lock();
	REVOCABLE_ENTER();
}

__rust_helper void rust_helper_revocable_read_unlock(void)
{
	REVOCABLE_LEAVE();
	rcu_read_unlock();
}

__rust_helper bool rust_helper_revocable_is_read_here(void)
{
	return REVOCABLE_IS_READ();
}

__rust_helper void rust_helper_devres_init_completion(struct completion *completion)
{
	init_completion(completion);
}
