// SPDX-License-Identifier: GPL-2.0-only

#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>

#include "interrupt.h"

/* How often this module disabled the interrupts of the CPU. */
static DEFINE_PER_CPU(unsigned long, rust_helper_irq_depth);

#if __has_include(<linux/interrupt_rc.h>)
#include <linux/interrupt_rc.h>

/* Of all that are nested, the kernel counts one for each module: it has eight bits. */
__rust_helper void rust_helper_local_interrupt_disable(void)
{
	local_interrupt_disable();
	if (__this_cpu_inc_return(rust_helper_irq_depth) != 1)
		local_interrupt_enable();
}

__rust_helper void rust_helper_local_interrupt_enable(void)
{
	if (__this_cpu_dec_return(rust_helper_irq_depth) == 0)
		local_interrupt_enable();
}
#else
/* What interrupts were before. */
static DEFINE_PER_CPU(unsigned long, rust_helper_irq_flags);

__rust_helper void rust_helper_local_interrupt_disable(void)
{
	unsigned long flags;

	local_irq_save(flags);
	if (__this_cpu_inc_return(rust_helper_irq_depth) == 1)
		__this_cpu_write(rust_helper_irq_flags, flags);
}

__rust_helper void rust_helper_local_interrupt_enable(void)
{
	if (__this_cpu_dec_return(rust_helper_irq_depth) == 0)
		local_irq_restore(__this_cpu_read(rust_helper_irq_flags));
}
#endif

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
	rust_helper_local_interrupt_disable();
	spin_lock(lock);
}

/* Whoever was woken under the lock runs as soon as interrupts are on. */
__rust_helper void rust_helper_spin_unlock_irq_enable(spinlock_t *lock)
{
	preempt_disable();
	spin_unlock(lock);
	rust_helper_local_interrupt_enable();
	preempt_enable();
}

__rust_helper int rust_helper_spin_trylock_irq_disable(spinlock_t *lock)
{
	rust_helper_local_interrupt_disable();
	if (spin_trylock(lock))
		return 1;

	rust_helper_local_interrupt_enable();
	return 0;
}
#endif

__rust_helper int rust_helper_request_irq(unsigned int irq, irq_handler_t handler, unsigned long flags,
					  const char *name, void *dev)
{
	return request_irq(irq, handler, flags, name, dev);
}
