// SPDX-License-Identifier: GPL-2.0-only

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/vmalloc.h>

#include "realloc.h"

/*
 * vmalloc() does BUG() in interrupts: some kernels in hard ones, others in soft ones too, whatever the flags. Here it
 * has no memory there. Without vrealloc_node_align() the node stays a wish.
 */
__rust_helper void *rust_helper_vrealloc_sized(const void *p, size_t old_size, size_t size,
					       unsigned long align, gfp_t flags, int nid)
{
#ifdef vrealloc_node_align
	if (unlikely(in_interrupt()))
		return rust_helper_stays(p, old_size, size, align) ? (void *)p : NULL;

	return vrealloc_node_align(p, size, align, flags, nid);
#else
	if (rust_helper_stays(p, old_size, size, align))
		return (void *)p;

	/* Here vmalloc() aligns to a page and always sleeps. */
	if (align > PAGE_SIZE || in_interrupt() || !gfpflags_allow_blocking(flags))
		return NULL;

	return rust_helper_move(__vmalloc(size, flags), p, old_size, size, vfree);
#endif
}
