// SPDX-License-Identifier: GPL-2.0-only

#include <linux/module.h>

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
