// SPDX-License-Identifier: GPL-2.0-only
/* modpost knows device tables by names as __mod_device_table__pci__x. */

/* What is built in has no tables, but is of one kernel with its modules: their facts are the same. */
#ifndef MODULE
#define MODULE
#endif
#include <linux/module.h>
#include <linux/mod_devicetable.h>

static const struct pci_device_id x[1] __attribute__((used)) = {};
MODULE_DEVICE_TABLE(pci, x);

const void *probe(void);
const void *probe(void)
{
	return __mod_device_table__pci__x;
}
