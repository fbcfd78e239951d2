// SPDX-License-Identifier: GPL-2.0-only

#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>

#include "interrupt.h"

/* How often this module disabled the interrupts of the CPU, and what they were before the first and the latest time. */
static DEFINE_PER_CPU(struct {
	unsigned long depth;
	unsigned long flags[2];
}, rust_helpers_irq);

__rust_helper void rust_helpers_irq_disabled(unsigned long flags)
{
	bool is_nested = __this_cpu_inc_return(rust_helpers_irq.depth) != 1;

	__this_cpu_write(rust_helpers_irq.flags[is_nested], flags);
}

__rust_helper unsigned long rust_helpers_irq_flags(void)
{
	bool is_nested = __this_cpu_dec_return(rust_helpers_irq.depth) != 0;

	return __this_cpu_read(rust_helpers_irq.flags[is_nested]);
}

__rust_helper void rust_helper_local_interrupt_disable(void)
{
	unsigned long flags;

	local_irq_save(flags);
	rust_helpers_irq_disabled(flags);
}

__rust_helper void rust_helper_local_interrupt_enable(void)
{
	local_irq_restore(rust_helpers_irq_flags());
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
	rust_helpers_irq_disabled(flags);
}

__rust_helper void rust_helper_spin_unlock_irq_enable(spinlock_t *lock)
{
	spin_unlock_irqrestore(lock, rust_helpers_irq_flags());
}

__rust_helper int rust_helper_spin_trylock_irq_disable(spinlock_t *lock)
{
	unsigned long flags;

	if (!spin_trylock_irqsave(lock, flags))
		return 0;

	rust_helpers_irq_disabled(flags);
	return 1;
}
#endif

__rust_helper int rust_helper_request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags,
					  const char *name, void *dev)
{
	return request_irq(irq, handler, flags, name, dev);
}
