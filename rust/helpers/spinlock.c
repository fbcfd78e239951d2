// SPDX-License-Identifier: GPL-2.0-only

#include <linux/lockdep.h>
#include <linux/spinlock.h>

/* spin_lock_init() makes a class of its own; this one takes the caller's. */
__rust_helper void rust_helper___spin_lock_init(spinlock_t *lock, const char *name,
						struct lock_class_key *key)
{
#ifdef CONFIG_PREEMPT_RT
	rt_mutex_base_init(&lock->lock);
	__rt_spin_lock_init(lock, name, key, false);
#elif defined(CONFIG_DEBUG_SPINLOCK)
	__raw_spin_lock_init(spinlock_check(lock), name, key, LD_WAIT_CONFIG);
#else
	spin_lock_init(lock);
#endif
}

__rust_helper void rust_helper_spin_lock(spinlock_t *lock)
{
	spin_lock(lock);
}

__rust_helper void rust_helper_spin_unlock(spinlock_t *lock)
{
	spin_unlock(lock);
}

__rust_helper int rust_helper_spin_trylock(spinlock_t *lock)
{
	return spin_trylock(lock);
}

__rust_helper void rust_helper_spin_assert_is_held(spinlock_t *lock)
{
	lockdep_assert_held(lock);
}
