// SPDX-License-Identifier: GPL-2.0-only
/*
 * Twin of ../rust/params.rs: every kind of parameter that moduleparam.h has, once fixed after load and
 * once writable.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

/* C has no signed byte; this is what one would be. */
static int param_set_sbyte(const char *val, const struct kernel_param *kp)
{
	return kstrtos8(val, 0, kp->arg);
}

static int param_get_sbyte(char *buffer, const struct kernel_param *kp)
{
	return sprintf(buffer, "%d\n", *(s8 *)kp->arg);
}

static const struct kernel_param_ops param_ops_sbyte = {
	.set = param_set_sbyte,
	.get = param_get_sbyte,
};
#define param_check_sbyte(name, p) __param_check(name, p, s8)

#define KINDS(both)				\
	both(s8, sbyte, i8, -8)			\
	both(unsigned char, byte, u8, 8)	\
	both(short, short, i16, -16)		\
	both(unsigned short, ushort, u16, 16)	\
	both(int, int, i32, -32)		\
	both(unsigned int, uint, u32, 32)	\
	both(long, long, i64, -64)		\
	both(unsigned long long, ullong, u64, 64)	\
	both(long, long, isize, -1)		\
	both(unsigned long, ulong, usize, 1)	\
	both(unsigned int, hexint, hexint, 0x1f)	\
	both(int, bint, bint, 0)		\
	both(bool, bool, bool, false)		\
	both(bool, invbool, invbool, false)	\
	both(bool, bool_enable_only, enable, false)

#define PARAM(type, kind, name, value)			\
	static type name##_f = value;			\
	module_param_named(name, name##_f, kind, 0444);	\
	static type name##_w = value;			\
	module_param_named(name##_rw, name##_w, kind, 0644);
KINDS(PARAM)

static char *charp_f = "default";
module_param_named(charp, charp_f, charp, 0444);
static char *charp_w = "default";
module_param_named(charp_rw, charp_w, charp, 0644);
static char *null_w;
module_param_named(null_rw, null_w, charp, 0644);

static char string_f[16] = "default";
module_param_string(string, string_f, sizeof(string_f), 0444);
static char string_w[16] = "default";
module_param_string(string_rw, string_w, sizeof(string_w), 0644);

static int ints_f[4] = { 1, 2 };
static unsigned int ints_n = 2;
module_param_array_named(ints, ints_f, int, &ints_n, 0444);
static int ints_w[4] = { 1, 2 };
static unsigned int ints_w_n = 2;
module_param_array_named(ints_rw, ints_w, int, &ints_w_n, 0644);
static char *words_w[3] = { "one" };
static unsigned int words_n = 1;
module_param_array_named(words_rw, words_w, charp, &words_n, 0644);
static bool bools_w[2];
static unsigned int bools_n;
module_param_array_named(bools_rw, bools_w, bool, &bools_n, 0644);

static int hidden;
module_param(hidden, int, 0);
static int other;
module_param_named(renamed, other, int, 0444);
static int danger;
module_param_unsafe(danger, int, 0644);
static int io;
module_param_hw(io, int, ioport, 0444);

static void say(const char *name, const char *text)
{
	size_t i, len = text ? strlen(text) : 0;
	u32 sum = 0;

	for (i = 0; i < len; i++)
		sum = sum * 31 + (u8)text[i];
	pr_info("%s %s %zu %u\n", name, text ? "some" : "none", len, sum);
}

static int __init params_init(void)
{
	unsigned int i;

#define SAY(type, kind, name, value) \
	pr_info("%s %lld %lld\n", #name, (long long)name##_f, (long long)name##_w);
	KINDS(SAY)
	say("charp", charp_f);
	say("charp_rw", charp_w);
	say("null_rw", null_w);
	say("string", string_f);
	say("string_rw", string_w);
	for (i = 0; i < ints_n; i++)
		pr_info("ints %u %d\n", i, ints_f[i]);
	for (i = 0; i < ints_w_n; i++)
		pr_info("ints_rw %u %d\n", i, ints_w[i]);
	for (i = 0; i < words_n; i++)
		say("words", words_w[i]);
	for (i = 0; i < bools_n; i++)
		pr_info("bools %u %d\n", i, bools_w[i]);
	pr_info("hidden %d renamed %d danger %d io %d\n", hidden, other, danger, io);
	return 0;
}

static void __exit params_exit(void)
{
	say("charp_rw", charp_w);
	pr_info("i32 %d bool %d\n", i32_w, bool_w);
}

module_init(params_init);
module_exit(params_exit);
MODULE_DESCRIPTION("Test: parameters of a C module");
MODULE_LICENSE("GPL");
