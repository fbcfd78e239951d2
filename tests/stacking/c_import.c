// SPDX-License-Identifier: GPL-2.0-only
/* A C module on top of the Rust sample rust_export: it calls directly, and through a pointer. */

#include <linux/module.h>

#include "../../samples/rust_export.h"

/* Volatile, so that the call stays indirect, as IBT looks at. */
static int (*volatile sum)(const struct rust_export_pair *) = rust_export_sum;

static int __init c_import_init(void)
{
	struct rust_export_pair pair = { .first = 40, .second = 2 };

	pr_info("c_import: %d %d\n", rust_export_sum(&pair), sum(&pair));
	return 0;
}

static void __exit c_import_exit(void)
{
}

module_init(c_import_init);
module_exit(c_import_exit);
MODULE_DESCRIPTION("Test: C on top of Rust");
MODULE_LICENSE("GPL");
