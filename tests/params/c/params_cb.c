// SPDX-License-Identifier: GPL-2.0-only
/* Twin of ../rust/params_cb.rs: parameters with ranges, names and functions of their own. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

static int set_percent(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 1, 100);
}

static const struct kernel_param_ops percent_ops = {
	.set = set_percent,
	.get = param_get_uint,
};
static unsigned int percent = 50;
module_param_cb(percent, &percent_ops, &percent, 0444);
static unsigned int percent_rw = 50;
module_param_cb(percent_rw, &percent_ops, &percent_rw, 0644);

static int set_small(const char *val, const struct kernel_param *kp)
{
	int value, err = kstrtoint(val, 0, &value);

	if (err)
		return err;
	if (value < -5 || value > 5)
		return -EINVAL;
	*(int *)kp->arg = value;
	return 0;
}

static const struct kernel_param_ops small_ops = {
	.set = set_small,
	.get = param_get_int,
};
static int smalls_rw[3] = { -1 };
static unsigned int smalls_n = 1;

/* As careful as Rust is with a range: all elements are good, or nothing changes. */
static int set_smalls(const char *val, const struct kernel_param *kp)
{
	int values[3];
	unsigned int n;
	const struct kparam_array array = {
		.max = 3, .elemsize = sizeof(int), .num = &n, .ops = &small_ops, .elem = values,
	};
	const struct kernel_param copy = {
		.name = kp->name, .mod = kp->mod, .level = kp->level, .arr = &array,
	};
	int err = param_array_ops.set(val, &copy);

	if (err)
		return err;
	memcpy(smalls_rw, values, sizeof(values));
	smalls_n = n;
	return 0;
}

static int get_smalls(char *buffer, const struct kernel_param *kp)
{
	const struct kparam_array array = {
		.max = 3, .elemsize = sizeof(int), .num = &smalls_n, .ops = &small_ops,
		.elem = smalls_rw,
	};
	const struct kernel_param copy = {
		.name = kp->name, .mod = kp->mod, .level = kp->level, .arr = &array,
	};

	return param_array_ops.get(buffer, &copy);
}

static const struct kernel_param_ops smalls_ops = {
	.set = set_smalls,
	.get = get_smalls,
};
module_param_cb(smalls_rw, &smalls_ops, NULL, 0644);

static const char *const speeds[] = { "low", "full", "very-high" };

static int set_speed(const char *val, const struct kernel_param *kp)
{
	int at = sysfs_match_string(speeds, val);

	if (at < 0)
		return at;
	*(int *)kp->arg = at;
	return 0;
}

static int get_speed(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%s\n", speeds[*(int *)kp->arg]);
}

static const struct kernel_param_ops speed_ops = {
	.set = set_speed,
	.get = get_speed,
};
static int speed;
module_param_cb(speed, &speed_ops, &speed, 0444);
static int speed_rw;
module_param_cb(speed_rw, &speed_ops, &speed_rw, 0644);

/* Refuses what is odd, with an errno of its own. */
static int set_even(const char *val, const struct kernel_param *kp)
{
	long value;
	int err = kstrtol(val, 0, &value);

	if (err)
		return err;
	if (value & 1)
		return -EDOM;
	*(long *)kp->arg = value;
	return 0;
}

static int get_even(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%ld is even\n", *(long *)kp->arg);
}

static const struct kernel_param_ops even_ops = {
	.set = set_even,
	.get = get_even,
};
static long even;
module_param_cb(even, &even_ops, &even, 0444);
static long even_rw;
module_param_cb(even_rw, &even_ops, &even_rw, 0644);

/* A pair, or the bare name. */
static int set_size(const char *val, const struct kernel_param *kp)
{
	u16 *size = kp->arg;
	char x[8] = "", y[8] = "";
	const char *at;
	u16 a, b;

	if (!val) {
		size[0] = 80;
		size[1] = 25;
		return 0;
	}
	at = strchr(val, 'x');
	if (!at || at == val || at - val > 7 || strcspn(at + 1, "\n") > 7)
		return -ERANGE;
	memcpy(x, val, at - val);
	memcpy(y, at + 1, strcspn(at + 1, "\n"));
	if (kstrtou16(x, 10, &a) || kstrtou16(y, 10, &b))
		return -EINVAL;
	size[0] = a;
	size[1] = b;
	return 0;
}

static int get_size(char *buffer, const struct kernel_param *kp)
{
	u16 *size = kp->arg;

	return sprintf(buffer, "%ux%u\n", size[0], size[1]);
}

static const struct kernel_param_ops size_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = set_size,
	.get = get_size,
};
static u16 size[2] = { 1, 1 };
module_param_cb(size, &size_ops, size, 0444);
static u16 size_rw[2] = { 1, 1 };
module_param_cb(size_rw, &size_ops, size_rw, 0644);

static int __init params_init(void)
{
	unsigned int i;

	pr_info("percent %u %u\n", percent, percent_rw);
	for (i = 0; i < smalls_n; i++)
		pr_info("smalls %u %d\n", i, smalls_rw[i]);
	pr_info("speed %s %s\n", speeds[speed], speeds[speed_rw]);
	pr_info("even %ld %ld\n", even, even_rw);
	pr_info("size %ux%u %ux%u\n", size[0], size[1], size_rw[0], size_rw[1]);
	return 0;
}

static void __exit params_exit(void)
{
	pr_info("percent %u even %ld\n", percent_rw, even_rw);
}

module_init(params_init);
module_exit(params_exit);
MODULE_DESCRIPTION("Test: parameters of a C module with functions of their own");
MODULE_LICENSE("GPL");
