/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For kernels that do not count how often interrupts were disabled: that each place keeps the flags which
 * it found is right only if the places end in reverse order, and Rust's guards may be dropped in any.
 */

#ifndef _RUST_HELPERS_INTERRUPT_H
#define _RUST_HELPERS_INTERRUPT_H

#if __has_include(<linux/interrupt_rc.h>)
#include <linux/interrupt_rc.h>
#else
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

static __always_inline void local_interrupt_disable(void)
{
	unsigned long flags;

	local_irq_save(flags);
	rust_helper_irq_disabled(flags);
}

static __always_inline void local_interrupt_enable(void)
{
	if (rust_helper_irq_last())
		local_irq_restore(__this_cpu_read(rust_helper_irq_state.flags));
}

#ifdef CONFIG_PREEMPT_RT
#define spin_lock_irq_disable(lock)	spin_lock(lock)
#define spin_unlock_irq_enable(lock)	spin_unlock(lock)
#define spin_trylock_irq_disable(lock)	spin_trylock(lock)
#else
static __always_inline void spin_lock_irq_disable(spinlock_t *lock)
{
	unsigned long flags;

	spin_lock_irqsave(lock, flags);
	rust_helper_irq_disabled(flags);
}

static __always_inline void spin_unlock_irq_enable(spinlock_t *lock)
{
	if (rust_helper_irq_last())
		spin_unlock_irqrestore(lock, __this_cpu_read(rust_helper_irq_state.flags));
	else
		spin_unlock(lock);
}

static __always_inline int spin_trylock_irq_disable(spinlock_t *lock)
{
	unsigned long flags;

	if (!spin_trylock_irqsave(lock, flags))
		return 0;

	rust_helper_irq_disabled(flags);
	return 1;
}
#endif
#endif

#endif
