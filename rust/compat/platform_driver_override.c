// SPDX-License-Identifier: GPL-2.0-only
/* A platform device itself has the name of the driver that it wants. */

#include <linux/platform_device.h>

const char *probe(struct platform_device *device);
const char *probe(struct platform_device *device)
{
	return device->driver_override;
}
