// SPDX-License-Identifier: GPL-2.0-only
/* __platform_driver_register() takes the module's name. */

#include <linux/platform_device.h>

int probe(struct platform_driver *driver, struct module *module);
int probe(struct platform_driver *driver, struct module *module)
{
	return __platform_driver_register(driver, module, "probe");
}
