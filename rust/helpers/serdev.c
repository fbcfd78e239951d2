// SPDX-License-Identifier: GPL-2.0-only

#include <linux/serdev.h>

/* It returns an int on some kernels. */
__rust_helper ssize_t rust_helper_serdev_write_all(struct serdev_device *serdev, const unsigned char *buf,
						   size_t count, long timeout)
{
	return serdev_device_write(serdev, buf, count, timeout);
}

__rust_helper void rust_helper_serdev_device_set_client_ops(struct serdev_device *serdev,
							    const struct serdev_device_ops *ops)
{
	serdev_device_set_client_ops(serdev, ops);
}
