// SPDX-License-Identifier: GPL-2.0-only

#include <linux/io.h>
#include <linux/ioport.h>

#define RUST_HELPER_MMIO(suffix, type)						\
__rust_helper type rust_helper_read##suffix(const void __iomem *addr)		\
{										\
	return read##suffix(addr);						\
}										\
__rust_helper void rust_helper_write##suffix(type value, void __iomem *addr)	\
{										\
	write##suffix(value, addr);						\
}

RUST_HELPER_MMIO(b, u8)
RUST_HELPER_MMIO(w, u16)
RUST_HELPER_MMIO(l, u32)
RUST_HELPER_MMIO(q, u64)
RUST_HELPER_MMIO(b_relaxed, u8)
RUST_HELPER_MMIO(w_relaxed, u16)
RUST_HELPER_MMIO(l_relaxed, u32)
RUST_HELPER_MMIO(q_relaxed, u64)

#define RUST_HELPER_PORT(suffix, type)						\
__rust_helper type rust_helper_in##suffix(u16 port)				\
{										\
	return in##suffix(port);						\
}										\
__rust_helper void rust_helper_out##suffix(type value, u16 port)		\
{										\
	out##suffix(value, port);						\
}

RUST_HELPER_PORT(b, u8)
RUST_HELPER_PORT(w, u16)
RUST_HELPER_PORT(l, u32)

__rust_helper struct resource *rust_helper_request_region(resource_size_t start, resource_size_t n,
							  const char *name)
{
	return request_region(start, n, name);
}

__rust_helper void rust_helper_release_region(resource_size_t start, resource_size_t n)
{
	release_region(start, n);
}

__rust_helper resource_size_t rust_helper_resource_size(const struct resource *res)
{
	return resource_size(res);
}

__rust_helper void __iomem *rust_helper_ioremap(phys_addr_t offset, size_t size)
{
	return ioremap(offset, size);
}

__rust_helper void __iomem *rust_helper_ioremap_np(phys_addr_t offset, size_t size)
{
	return ioremap_np(offset, size);
}

__rust_helper void rust_helper_iounmap(void __iomem *addr)
{
	iounmap(addr);
}
