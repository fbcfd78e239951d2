// SPDX-License-Identifier: GPL-2.0-only

#include <linux/platform_device.h>
#include <linux/pnp.h>

__rust_helper int rust_helper_platform_driver_register(struct platform_driver *drv,
						       struct module *module, const char *mod_name)
{
#ifdef HAS_PLATFORM_REGISTER_MOD_NAME
	return __platform_driver_register(drv, module, mod_name);
#else
	return __platform_driver_register(drv, module);
#endif
}

#ifdef HAS_PLATFORM_REMOVE_INT
typedef int (*rust_platform_remove_t)(struct platform_device *pdev);
#else
typedef void (*rust_platform_remove_t)(struct platform_device *pdev);
#endif

/* The field is in a union without a name on some kernels. */
__rust_helper void rust_helper_platform_driver_set_remove(struct platform_driver *drv,
							  rust_platform_remove_t remove)
{
	drv->remove = remove;
}

__rust_helper bool rust_helper_dev_is_platform(const struct device *dev)
{
	return dev->bus == &platform_bus_type;
}

__rust_helper int rust_helper_platform_set_driver_override(struct platform_device *pdev, const char *name)
{
#ifdef HAS_PLATFORM_DRIVER_OVERRIDE
	return driver_set_override(&pdev->dev, &pdev->driver_override, name, strlen(name));
#else
	return device_set_driver_override(&pdev->dev, name);
#endif
}

/* Also where the kernel has no PNP: then there are no devices. */
__rust_helper struct resource *rust_helper_pnp_resource(struct pnp_dev *dev, unsigned long type,
							unsigned int num)
{
	struct resource *res = pnp_get_resource(dev, type, num);

	return res && !(res->flags & IORESOURCE_DISABLED) ? res : NULL;
}
