// SPDX-License-Identifier: GPL-2.0-only

#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/slab.h>

#include "realloc.h"

#ifndef krealloc_node_align
/*
 * Slab objects of these kernels are sure to be aligned to their size only if that is a power of two.
 * Beyond the slab caches memory comes in page blocks, aligned to their size.
 */
static __always_inline size_t rust_helper_slab_size(size_t size, unsigned long align)
{
	if (align > ARCH_KMALLOC_MINALIGN && size <= KMALLOC_MAX_CACHE_SIZE)
		return roundup_pow_of_two(size);

	return size;
}
#endif

__rust_helper void *rust_helper_krealloc_sized(const void *p, size_t old_size, size_t size,
					       unsigned long align, gfp_t flags, int nid)
{
#ifdef krealloc_node_align
	return krealloc_node_align(p, size, align, flags, nid);
#else
	size = rust_helper_slab_size(size, align);
	if (p && IS_ALIGNED((unsigned long)p, align))
		return krealloc(p, size, flags);

	return rust_helper_move(kmalloc_node(size, flags, nid), p, old_size, size, kfree);
#endif
}

__rust_helper void *rust_helper_kvrealloc_sized(const void *p, size_t old_size, size_t size,
						unsigned long align, gfp_t flags, int nid)
{
	/* In interrupts there is no vmalloc(): see rust_helper_vrealloc_sized(). */
#ifdef krealloc_node_align
	if (likely(!in_interrupt()))
		return kvrealloc_node_align(p, size, align, flags, nid);
	if (is_vmalloc_addr(p))
		return rust_helper_stays(p, old_size, size, align) ? (void *)p : NULL;

	return krealloc_node_align(p, size, align, flags, nid);
#else
	void *new;

	if (rust_helper_stays(p, old_size, size, align))
		return (void *)p;

	/* Virtual mappings are aligned to a page: only kmalloc() can give more. */
	if (align > PAGE_SIZE || unlikely(in_interrupt()))
		new = kmalloc_node(rust_helper_slab_size(size, align), flags, nid);
	else
		new = kvmalloc_node(rust_helper_slab_size(size, align), flags, nid);

	return rust_helper_move(new, p, old_size, size, kvfree);
#endif
}
