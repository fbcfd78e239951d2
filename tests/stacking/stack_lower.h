/* SPDX-License-Identifier: GPL-2.0-only */
/* A structure of as many fields as drivers have. */

#include <linux/types.h>

struct stack_lower_pair {
	u32 low;
	u32 high;
};

struct stack_lower_large {
	unsigned char tag;
	bool set;
	short first;
	u32 flags;
	u64 start;
	u64 end;
	int count;
	u16 index;
	u8 line;
	u8 parity;
	unsigned long size;
	long offset;
	struct stack_lower_pair nested_a;
	struct stack_lower_pair nested_b;
};
