/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Rust sees of the kernel: the headers, and constants that are macros bindgen cannot evaluate.
 * A constant's name here has the prefix that the generator takes off.
 */

#include <linux/acpi.h>
#include <linux/atomic.h>
#include <linux/bug.h>
#include <linux/completion.h>
#include <linux/console.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/device.h>
#if __has_include(<linux/device/faux.h>)
#include <linux/device/faux.h>
#endif
#include <linux/err.h>
#include <linux/errname.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/irq.h>
#include <linux/jiffies.h>
#include <linux/kmsg_dump.h>
#include <linux/kstrtox.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>
#include <linux/of.h>
#include <linux/pci.h>
#include <linux/percpu.h>
#include <linux/platform_device.h>
#include <linux/pnp.h>
#include <linux/printk.h>
#include <linux/property.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/serdev.h>
#include <linux/serial_core.h>
#include <linux/serial_reg.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/timer.h>
#include <linux/tty.h>
#include <linux/tty_flip.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

/* Error codes that came late; the numbers are part of the user interface. */
#ifndef EFSBADCRC
#define EFSBADCRC EBADMSG
#endif
#ifndef EFSCORRUPTED
#define EFSCORRUPTED EUCLEAN
#endif
#ifndef EFTYPE
#define EFTYPE 134
#endif

const gfp_t RUST_CONST_HELPER_GFP_ATOMIC = GFP_ATOMIC;
const gfp_t RUST_CONST_HELPER_GFP_KERNEL = GFP_KERNEL;
const gfp_t RUST_CONST_HELPER_GFP_KERNEL_ACCOUNT = GFP_KERNEL_ACCOUNT;
const gfp_t RUST_CONST_HELPER_GFP_NOWAIT = GFP_NOWAIT;
const gfp_t RUST_CONST_HELPER___GFP_ZERO = __GFP_ZERO;
const gfp_t RUST_CONST_HELPER___GFP_HIGHMEM = __GFP_HIGHMEM;
const gfp_t RUST_CONST_HELPER___GFP_NOWARN = __GFP_NOWARN;
const size_t RUST_CONST_HELPER_ARCH_SLAB_MINALIGN = ARCH_SLAB_MINALIGN;
const size_t RUST_CONST_HELPER_ARCH_KMALLOC_MINALIGN = ARCH_KMALLOC_MINALIGN;
const size_t RUST_CONST_HELPER_PAGE_SIZE = PAGE_SIZE;
const u64 RUST_CONST_HELPER_UPF_FIXED_PORT = (__force u64)UPF_FIXED_PORT;
const u64 RUST_CONST_HELPER_UPF_FIXED_TYPE = (__force u64)UPF_FIXED_TYPE;
const u64 RUST_CONST_HELPER_UPF_SPD_MASK = (__force u64)UPF_SPD_MASK;
const u64 RUST_CONST_HELPER_UPF_SPD_HI = (__force u64)UPF_SPD_HI;
const u64 RUST_CONST_HELPER_UPF_SPD_VHI = (__force u64)UPF_SPD_VHI;
const u64 RUST_CONST_HELPER_UPF_SPD_SHI = (__force u64)UPF_SPD_SHI;
const u64 RUST_CONST_HELPER_UPF_SPD_WARP = (__force u64)UPF_SPD_WARP;
const u64 RUST_CONST_HELPER_UPF_LOW_LATENCY = (__force u64)UPF_LOW_LATENCY;
const u32 RUST_CONST_HELPER_RS485_ENABLED = SER_RS485_ENABLED;
const u32 RUST_CONST_HELPER_RS485_RTS_ON_SEND = SER_RS485_RTS_ON_SEND;
const u32 RUST_CONST_HELPER_RS485_RTS_AFTER_SEND = SER_RS485_RTS_AFTER_SEND;
const u32 RUST_CONST_HELPER_RS485_RX_DURING_TX = SER_RS485_RX_DURING_TX;
const u32 RUST_CONST_HELPER_RS485_TERMINATE_BUS = SER_RS485_TERMINATE_BUS;
const u32 RUST_CONST_HELPER_RS485_ADDRB = SER_RS485_ADDRB;
const u32 RUST_CONST_HELPER_RS485_ADDR_RECV = SER_RS485_ADDR_RECV;
const u32 RUST_CONST_HELPER_RS485_ADDR_DEST = SER_RS485_ADDR_DEST;
const unsigned int RUST_CONST_HELPER_UPSTAT_AUTORTS = (__force unsigned int)UPSTAT_AUTORTS;
const unsigned int RUST_CONST_HELPER_UPSTAT_AUTOCTS = (__force unsigned int)UPSTAT_AUTOCTS;
const unsigned int RUST_CONST_HELPER_UPSTAT_AUTOXOFF = (__force unsigned int)UPSTAT_AUTOXOFF;
const unsigned int RUST_CONST_HELPER_UPSTAT_SYNC_FIFO = (__force unsigned int)UPSTAT_SYNC_FIFO;
