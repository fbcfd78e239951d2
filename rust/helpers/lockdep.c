// SPDX-License-Identifier: GPL-2.0-only

#include <linux/lockdep.h>

#ifndef CONFIG_LOCKDEP
__rust_helper void rust_helper_lockdep_register_key(struct lock_class_key *key)
{
	lockdep_register_key(key);
}

__rust_helper void rust_helper_lockdep_unregister_key(struct lock_class_key *key)
{
	lockdep_unregister_key(key);
}
#endif
