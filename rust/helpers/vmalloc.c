// SPDX-License-Identifier: GPL-2.0-only

#include <linux/align.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

/* See slab.c for why the old size is needed. Without vrealloc_node_align() the node stays a wish. */
__rust_helper void *rust_helper_vrealloc_sized(const void *p, size_t old_size, size_t size,
					       unsigned long align, gfp_t flags, int nid)
{
#ifdef vrealloc_node_align
	return vrealloc_node_align(p, size, align, flags, nid);
#else
	void *new;

	if (p && size <= old_size && IS_ALIGNED((unsigned long)p, align))
		return (void *)p;

	/* Here vmalloc() aligns to a page and always sleeps. */
	if (align > PAGE_SIZE || !gfpflags_allow_blocking(flags))
		return NULL;

	new = __vmalloc(size, flags);
	if (new && p) {
		memcpy(new, p, min(old_size, size));
		vfree(p);
	}

	return new;
#endif
}
