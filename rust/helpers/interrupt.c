// SPDX-License-Identifier: GPL-2.0-only

#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>

#include "interrupt.h"

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

__rust_helper void rust_helper_local_interrupt_disable(void)
{
	unsigned long flags;

	local_irq_save(flags);
	rust_helper_irq_disabled(flags);
}

__rust_helper void rust_helper_local_interrupt_enable(void)
{
	if (rust_helper_irq_last())
		local_irq_restore(__this_cpu_read(rust_helper_irq_state.flags));
}

/* For a task whose guards are never dropped; with interrupts disabled. */
__rust_helper void rust_helper_local_interrupt_forget(void)
{
	__this_cpu_write(rust_helper_irq_state.depth, 0);
}

__rust_helper void rust_helper_lockdep_assert_irqs_disabled(void)
{
	lockdep_assert_irqs_disabled();
}

#ifdef CONFIG_PREEMPT_RT
__rust_helper void rust_helper_spin_lock_irq_disable(spinlock_t *lock)
{
	spin_lock(lock);
}

__rust_helper void rust_helper_spin_unlock_irq_enable(spinlock_t *lock)
{
	spin_unlock(lock);
}

__rust_helper int rust_helper_spin_trylock_irq_disable(spinlock_t *lock)
{
	return spin_trylock(lock);
}
#else
__rust_helper void rust_helper_spin_lock_irq_disable(spinlock_t *lock)
{
	unsigned long flags;

	spin_lock_irqsave(lock, flags);
	rust_helper_irq_disabled(flags);
}

__rust_helper void rust_helper_spin_unlock_irq_enable(spinlock_t *lock)
{
	if (rust_helper_irq_last())
		spin_unlock_irqrestore(lock, __this_cpu_read(rust_helper_irq_state.flags));
	else
		spin_unlock(lock);
}

__rust_helper int rust_helper_spin_trylock_irq_disable(spinlock_t *lock)
{
	unsigned long flags;

	if (!spin_trylock_irqsave(lock, flags))
		return 0;

	rust_helper_irq_disabled(flags);
	return 1;
}
#endif

__rust_helper int rust_helper_request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags,
					  const char *name, void *dev)
{
	return request_irq(irq, handler, flags, name, dev);
}
