// SPDX-License-Identifier: GPL-2.0-only
/* The C half of the mixed sample: a parameter. The Rust half is rust_mixed_main.rs. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

int rust_mixed_larger(int a, int b);

static int rust_mixed_set_pair(const char *val, const struct kernel_param *kp)
{
	int a, b;

	if (sscanf(val, "%d,%d", &a, &b) != 2)
		return -EINVAL;
	pr_info("C reads %d and %d; Rust says the larger is %d\n", a, b,
		rust_mixed_larger(a, b));
	return 0;
}

static const struct kernel_param_ops rust_mixed_pair_ops = {
	.set = rust_mixed_set_pair,
};

module_param_cb(pair, &rust_mixed_pair_ops, NULL, 0);
MODULE_PARM_DESC(pair, "Two numbers to compare, as 2,3");
