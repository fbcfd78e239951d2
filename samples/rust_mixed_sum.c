// SPDX-License-Identifier: GPL-2.0
/* The C half of the mixed sample; the Rust half is rust_mixed_main.rs. */

#include <linux/types.h>

int rust_mixed_sum(int a, int b);
int rust_mixed_ask(int a, int b);
int rust_mixed_max(int a, int b);

int rust_mixed_sum(int a, int b)
{
	return a + b;
}

int rust_mixed_ask(int a, int b)
{
	return rust_mixed_max(a, b);
}
