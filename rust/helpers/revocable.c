// SPDX-License-Identifier: GPL-2.0-only

#include <linux/completion.h>
#include <linux/rcupdate.h>

__rust_helper void rust_helper_revocable_read_lock(void)
{
	rcu_read_lock();
}

__rust_helper void rust_helper_revocable_read_unlock(void)
{
	rcu_read_unlock();
}

__rust_helper void rust_helper_devres_init_completion(struct completion *completion)
{
	init_completion(completion);
}
