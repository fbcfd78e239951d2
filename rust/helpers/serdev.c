// SPDX-License-Identifier: GPL-2.0-only

#include <linux/pm_runtime.h>
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

/*
 * C's open closes the port again if the controller cannot be resumed, and closing waits for who receives, who may be
 * waiting for what follows the open. So the controller is resumed first.
 */
__rust_helper int rust_helper_serdev_open(struct serdev_device *serdev)
{
	struct device *ctrl = &serdev->ctrl->dev;
	int ret = pm_runtime_resume_and_get(ctrl);

	if (ret)
		return ret;
	ret = serdev_device_open(serdev);
	pm_runtime_put(ctrl);
	return ret;
}
