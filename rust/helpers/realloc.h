/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For kernels without krealloc_node_align() and its kin: they may have no way to tell how much of the old
 * memory to keep, which is why the realloc helpers take the old size.
 */

#ifndef _RUST_HELPERS_REALLOC_H
#define _RUST_HELPERS_REALLOC_H

#include <linux/align.h>
#include <linux/minmax.h>
#include <linux/string.h>

/* Whether the block at p, which is no slab object, can stay where it is. */
static __always_inline bool rust_helper_stays(const void *p, size_t old_size, size_t size,
					      unsigned long align)
{
	return p && size <= old_size && IS_ALIGNED((unsigned long)p, align);
}

/* Moves what is at p to the block new, if that was to be had. */
static __always_inline void *rust_helper_move(void *new, const void *p, size_t old_size, size_t size,
					      void (*free)(const void *))
{
	if (new && p) {
		memcpy(new, p, min(old_size, size));
		free(p);
	}

	return new;
}

#endif
