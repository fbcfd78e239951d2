// SPDX-License-Identifier: GPL-2.0-only

#include <linux/of.h>
#include <linux/property.h>
#include <linux/string.h>

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
