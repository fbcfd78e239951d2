// SPDX-License-Identifier: GPL-2.0-only

#include <linux/device.h>
#include <linux/serial_core.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/tty_port.h>

/* As DEVICE_ATTR(), which makes a static. */
__rust_helper void rust_helper_device_attribute_init(
	struct device_attribute *attr, const char *name, umode_t mode,
	ssize_t (*show)(struct device *, struct device_attribute *, char *),
	ssize_t (*store)(struct device *, struct device_attribute *, const char *, size_t))
{
	memset(attr, 0, sizeof(*attr));
	sysfs_attr_init(&attr->attr);
	attr->attr.name = name;
	attr->attr.mode = mode;
	attr->show = show;
	attr->store = store;
}

/* Its field has been part of a union since it can be const, too. */
__rust_helper void rust_helper_attribute_group_init(struct attribute_group *group, struct attribute **attrs)
{
	memset(group, 0, sizeof(*group));
	group->attrs = attrs;
}

/* The port of a tty's device; it stays while one of the device's files is read or written. */
__rust_helper struct uart_port *rust_helper_tty_device_uart_port(struct device *dev)
{
	struct tty_port *port = dev_get_drvdata(dev);

	return container_of(port, struct uart_state, port)->uart_port;
}
