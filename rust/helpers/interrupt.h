/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often interrupts were disabled: that each place keeps the flags which it found is right only if the places end
 * in reverse order, and Rust's guards may be dropped in any.
 *
 * Newer kernels count, too (interrupt_rc.h), in eight bits of the preemption count. Guards of Rust can be forgotten, or
 * be in a vector, which takes no memory for them: more than 255 would look like an interrupt, or an NMI, to the
 * kernel. So each kernel gets a count that is long enough.
 */

#ifndef _RUST_HELPERS_INTERRUPT_H
#define _RUST_HELPERS_INTERRUPT_H

#include <linux/irqflags.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>

/* How often this module disabled the interrupts of the CPU, and the flags before. */
struct rust_helper_irq_state {
	unsigned long depth;
	unsigned long flags;
};

static DEFINE_PER_CPU(struct rust_helper_irq_state, rust_helper_irq_state);

/* Where interrupts were just disabled, and `flags` tells what they were before. */
static __always_inline void rust_helper_irq_disabled(unsigned long flags)
{
	if (__this_cpu_inc_return(rust_helper_irq_state.depth) == 1)
		__this_cpu_write(rust_helper_irq_state.flags, flags);
}

/* Whether interrupts are to be what they were before. */
static __always_inline bool rust_helper_irq_last(void)
{
	return __this_cpu_dec_return(rust_helper_irq_state.depth) == 0;
}

static __always_inline void rust_helper_irq_disable(void)
{
	unsigned long flags;

	local_irq_save(flags);
	rust_helper_irq_disabled(flags);
}

static __always_inline void rust_helper_irq_enable(void)
{
	if (rust_helper_irq_last())
		local_irq_restore(__this_cpu_read(rust_helper_irq_state.flags));
}

#endif
