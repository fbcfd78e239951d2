// SPDX-License-Identifier: GPL-2.0-only

#include <linux/lockdep.h>
#include <linux/mutex.h>

/* What is a function with one configuration and a macro or an inline with another. */
__rust_helper void rust_helper_mutex_init_named(struct mutex *lock, const char *name,
						struct lock_class_key *key)
{
	__mutex_init(lock, name, key);
}

#ifdef mutex_lock
__rust_helper void rust_helper_mutex_lock(struct mutex *lock)
{
	mutex_lock(lock);
}
#endif

#ifdef mutex_trylock
__rust_helper int rust_helper_mutex_trylock(struct mutex *lock)
{
	return mutex_trylock(lock);
}
#endif

__rust_helper void rust_helper_mutex_assert_is_held(struct mutex *lock)
{
	lockdep_assert_held(lock);
}
