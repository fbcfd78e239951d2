// SPDX-License-Identifier: GPL-2.0-only
/* The C twin of samples/rust_minimal.rs: the same behaviour, for comparing sizes. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/overflow.h>
#include <linux/slab.h>

static unsigned int count = 3;
module_param(count, uint, 0);
MODULE_PARM_DESC(count, "How many numbers to square");

static u32 *squares;

static int __init c_minimal_init(void)
{
	unsigned int n;

	pr_info("C minimal sample (init)\n");
	squares = kmalloc_array(count, sizeof(*squares), GFP_KERNEL);
	if (!squares)
		return -ENOMEM;
	for (n = 0; n < count; n++) {
		if (check_mul_overflow(n, n, &squares[n])) {
			kfree(squares);
			return -EOVERFLOW;
		}
	}
	pr_info("squares of the first %u numbers: [", count);
	for (n = 0; n < count; n++)
		pr_cont("%s%u", n ? ", " : "", squares[n]);
	pr_cont("]\n");
	return 0;
}

static void __exit c_minimal_exit(void)
{
	u64 sum = 0;
	unsigned int n;

	for (n = 0; n < count; n++)
		sum += squares[n];
	pr_info("C minimal sample (exit): %u numbers, %llu in all\n", count, sum);
	kfree(squares);
}

module_init(c_minimal_init);
module_exit(c_minimal_exit);
MODULE_AUTHOR("The Ferrule developers");
MODULE_DESCRIPTION("C twin of the minimal sample");
MODULE_LICENSE("GPL");
