// SPDX-License-Identifier: GPL-2.0-only

#include <linux/acpi.h>
#include <linux/device.h>
#include <linux/of.h>
#include <linux/property.h>
#include <linux/preempt.h>
#include <linux/string.h>

/* What C does not count the references of: a node of ACPI is part of such a device. */
static __always_inline struct device *uncounted(struct fwnode_handle *fwnode)
{
#ifdef CONFIG_ACPI
	while (is_acpi_data_node(fwnode))
		fwnode = to_acpi_data_node(fwnode)->parent;
	if (is_acpi_device_node(fwnode) && !fwnode_has_op(fwnode, get))
		return &to_acpi_device_node(fwnode)->dev;
#endif
	return NULL;
}

/* The reference that C returns, where it counts none. */
static __always_inline struct fwnode_handle *owned(struct fwnode_handle *fwnode)
{
	if (!IS_ERR_OR_NULL(fwnode))
		get_device(uncounted(fwnode));
	return fwnode;
}

__rust_helper void rust_helper_fwnode_get(struct fwnode_handle *fwnode)
{
	owned(fwnode_handle_get(fwnode));
}

/* A reference to the node of a device that is bound meanwhile: C gives it back when the device is removed. */
__rust_helper struct fwnode_handle *rust_helper_bound_device_fwnode_get(struct device *dev)
{
	return owned(fwnode_handle_get(dev_fwnode(dev)));
}

/*
 * The same of any device; NULL if it is not bound, or somebody has its lock. Who has it may be waiting for this task, as when
 * the device is unbound.
 */
__rust_helper struct fwnode_handle *rust_helper_device_fwnode_get(struct device *dev)
{
	struct fwnode_handle *fwnode = NULL;

	if (!in_task() || !device_trylock(dev))
		return NULL;

	if (dev->driver)
		fwnode = owned(fwnode_handle_get(dev_fwnode(dev)));
	device_unlock(dev);
	return fwnode;
}

__rust_helper void rust_helper_fwnode_put(struct fwnode_handle *fwnode)
{
	struct device *dev = uncounted(fwnode);

	fwnode_handle_put(fwnode);
	put_device(dev);
}

/* Takes the reference to `child`, as C does. */
__rust_helper struct fwnode_handle *rust_helper_fwnode_next_child(const struct fwnode_handle *fwnode,
								  struct fwnode_handle *child)
{
	struct device *dev = child ? uncounted(child) : NULL;
	struct fwnode_handle *next = owned(fwnode_get_next_child_node(fwnode, child));

	put_device(dev);
	return next;
}

__rust_helper struct fwnode_handle *rust_helper_fwnode_named_child(const struct fwnode_handle *fwnode,
								   const char *name)
{
	return owned(fwnode_get_named_child_node(fwnode, name));
}

__rust_helper bool rust_helper_is_of_node(const struct fwnode_handle *fwnode)
{
	return is_of_node(fwnode);
}

/* Whether the property, should there be one, is no software node's that has something else than strings. */
__rust_helper bool rust_helper_fwnode_property_may_be_string(const struct fwnode_handle *fwnode,
							     const char *name)
{
	for (; !IS_ERR_OR_NULL(fwnode); fwnode = fwnode->secondary) {
		const struct software_node *node = to_software_node(fwnode);
		const struct property_entry *prop;

		for (prop = node ? node->properties : NULL; prop && prop->name; prop++) {
			if (!strcmp(prop->name, name) && prop->type != DEV_PROP_STRING)
				return false;
		}
	}
	return true;
}
