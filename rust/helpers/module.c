// SPDX-License-Identifier: GPL-2.0-only

#include <linux/limits.h>
#include <linux/module.h>

/* C's count does not saturate. As C counts users, of which there are never so many, this is far from its end. */
__rust_helper bool rust_helper_module_has_too_many_refs(const struct module *module)
{
#ifdef CONFIG_MODULE_UNLOAD
	return module && (unsigned int)atomic_read(&module->refcnt) > INT_MAX / 2;
#else
	return false;
#endif
}

/* Where modules cannot be unloaded these are inline functions that count nothing. */
#ifndef CONFIG_MODULE_UNLOAD
__rust_helper bool rust_helper_try_module_get(struct module *module)
{
	return try_module_get(module);
}

__rust_helper void rust_helper___module_get(struct module *module)
{
	__module_get(module);
}

__rust_helper void rust_helper_module_put(struct module *module)
{
	module_put(module);
}
#endif
