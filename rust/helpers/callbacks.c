// SPDX-License-Identifier: GPL-2.0-only

#include <linux/cpumask.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>

/*
 * How many calls into this module the kernel was asked for, and how many are over, on each CPU. The variable is
 * Rust's, where all objects of a module have the same one.
 */
struct rust_helper_callbacks {
	unsigned long begun;
	unsigned long ended;
};

/* By way of an integer: with some compilers, `__percpu` names another address space. */
#define RUST_HELPER_CALLBACKS(callbacks) ((struct rust_helper_callbacks __percpu *)(uintptr_t)(callbacks))

__rust_helper void rust_helper_callback_begin(void *callbacks)
{
	this_cpu_inc(RUST_HELPER_CALLBACKS(callbacks)->begun);
}

/* Who sees this must see the callback's begin, on whatever CPU that was. */
__rust_helper void rust_helper_callback_end(void *callbacks)
{
	smp_mb__before_atomic();
	this_cpu_inc(RUST_HELPER_CALLBACKS(callbacks)->ended);
}

/*
 * How many are not over. An end that is counted here was there before all begins are, so its own begin is
 * counted too: zero is never seen while one is not over.
 */
__rust_helper unsigned long rust_helper_callbacks_pending(void *callbacks)
{
	unsigned long ended = 0, begun = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		ended += READ_ONCE(per_cpu_ptr(RUST_HELPER_CALLBACKS(callbacks), cpu)->ended);
	smp_mb();
	for_each_possible_cpu(cpu)
		begun += READ_ONCE(per_cpu_ptr(RUST_HELPER_CALLBACKS(callbacks), cpu)->begun);

	return begun - ended;
}

__rust_helper void rust_helper_synchronize_tasks(void)
{
	synchronize_rcu_tasks();
}
