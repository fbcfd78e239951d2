// SPDX-License-Identifier: GPL-2.0-only

#include <linux/of.h>
#include <linux/property.h>

__rust_helper struct fwnode_handle *rust_helper_dev_fwnode(struct device *dev)
{
	return dev_fwnode(dev);
}

/* Functions on some kernels, inlines on others. */
__rust_helper void rust_helper_fwnode_get(struct fwnode_handle *fwnode)
{
	fwnode_handle_get(fwnode);
}

__rust_helper void rust_helper_fwnode_put(struct fwnode_handle *fwnode)
{
	fwnode_handle_put(fwnode);
}

__rust_helper bool rust_helper_is_of_node(const struct fwnode_handle *fwnode)
{
	return is_of_node(fwnode);
}
