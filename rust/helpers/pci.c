// SPDX-License-Identifier: GPL-2.0-only

#include <linux/pci.h>

__rust_helper u16 rust_helper_pci_dev_id(struct pci_dev *dev)
{
	return pci_dev_id(dev);
}

__rust_helper resource_size_t rust_helper_pci_resource_start(struct pci_dev *pdev, int bar)
{
	return pci_resource_start(pdev, bar);
}

__rust_helper resource_size_t rust_helper_pci_resource_len(struct pci_dev *pdev, int bar)
{
	return pci_resource_len(pdev, bar);
}

__rust_helper bool rust_helper_dev_is_pci(const struct device *dev)
{
	return dev_is_pci(dev);
}
