// SPDX-License-Identifier: GPL-2.0-only

#include <linux/bug.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/sched.h>

#include "interrupt.h"

/* Whether BUG() would end the current task, and not the kernel. */
__rust_helper bool rust_helper_panics_in_a_task(void)
{
	return !in_interrupt() && current->pid && !is_global_init(current);
}

/*
 * Reports that the task panicked, as BUG() does. That would make the task exit, though, by which its stack is freed, and
 * on x86 its upper part is overwritten before. But nothing was dropped: what is pinned on the stack, a timer or a file
 * in debugfs, is still known to C. So the stack has to stay, and the code that C may call.
 *
 * `bug`, which calls BUG(), is run by a thread on whose stack is nothing: C counts the oops, and heeds panic_on_oops, which
 * modules cannot read.
 */
__rust_helper void rust_helper_report_panicked_task(struct module *module, int (*bug)(void *))
{
	pr_emerg("BUG: Rust code has panicked: the task sleeps for good\n");
	dump_stack_lvl(KERN_EMERG);
	add_taint(TAINT_DIE, LOCKDEP_NOW_UNRELIABLE);
	__module_get(module);

	/* The guards by which the task had disabled interrupts are never dropped: they count no more. */
	local_irq_disable();
	rust_helper_local_interrupt_forget();
	/* As C does with a task that exits. */
	preempt_count_set(PREEMPT_ENABLED);
	local_irq_enable();

	kthread_run(bug, NULL, "rust_panic");
}

/* Nothing wakes it but the freezer. */
__rust_helper void rust_helper_sleep_after_panic(void)
{
	set_current_state(TASK_IDLE | TASK_FREEZABLE_UNSAFE);
	schedule();
}

/* objtool knows this name: nothing follows a call of it. */
__rust_helper __noreturn void rust_helper_BUG(void)
{
	BUG();
}

/* WARN_ON() would name this line: the caller's place is in the message. */
__rust_helper void rust_helper_warn(const char *message)
{
	WARN(1, "%s\n", message);
}
