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

__rust_helper unsigned long rust_helper_pci_resource_flags(struct pci_dev *pdev, int bar)
{
	return pci_resource_flags(pdev, bar);
}

/* Whether somebody has enabled it, and not disabled it since. */
__rust_helper bool rust_helper_pci_is_enabled(struct pci_dev *pdev)
{
#ifdef CONFIG_PCI
	return pci_is_enabled(pdev);
#else
	return false;
#endif
}

__rust_helper int rust_helper_pci_alloc_irq_vectors(struct pci_dev *dev, unsigned int min_vecs,
						    unsigned int max_vecs, unsigned int flags)
{
	return pci_alloc_irq_vectors(dev, min_vecs, max_vecs, flags);
}

__rust_helper unsigned int rust_helper_pci_irq_type(struct pci_dev *pdev)
{
	if (pdev->msix_enabled)
		return PCI_IRQ_MSIX;

	return pdev->msi_enabled ? PCI_IRQ_MSI : 1;
}
