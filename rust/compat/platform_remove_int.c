// SPDX-License-Identifier: GPL-2.0-only
/* A platform driver's remove() returns an int, which the kernel ignores. */

#include <linux/platform_device.h>

int probe(struct platform_driver *driver, struct platform_device *device);
int probe(struct platform_driver *driver, struct platform_device *device)
{
	return driver->remove(device);
}
