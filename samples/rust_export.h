/* SPDX-License-Identifier: GPL-2.0-only */
/* What rust_export.rs offers to C modules. */

#ifndef RUST_EXPORT_H
#define RUST_EXPORT_H

struct rust_export_pair {
	int first;
	int second;
};

/* The sum of a pair. */
int rust_export_sum(const struct rust_export_pair *pair);

#endif
