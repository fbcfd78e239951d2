// SPDX-License-Identifier: GPL-2.0-only

#include <linux/bug.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

/*
 * Whether only this task is to stop. Not with interrupts disabled: what is locked by then, as a console in use, would stop
 * everybody else. The last thread of init ends the kernel.
 */
__rust_helper bool rust_helper_panics_in_a_task(void)
{
	return !in_interrupt() && !irqs_disabled() && current->pid &&
	       !(is_global_init(current) && thread_group_empty(current));
}

/*
 * Reports that the task panicked. BUG() would make it exit, by which its stack is freed, and on x86 its upper part is
 * overwritten before. But nothing was dropped: what is pinned on the stack, a timer or a file in debugfs, is still known
 * to C. So the stack has to stay, and the code that C may call.
 *
 * `report` has rust_helper_run_panic_thread() called; `work` lies on the stack.
 */
__rust_helper void rust_helper_report_panicked_task(struct module *module, struct work_struct *work,
						    work_func_t report)
{
	pr_emerg("BUG: Rust code has panicked: the task sleeps for good\n");
	dump_stack_lvl(KERN_EMERG);
	add_taint(TAINT_DIE, LOCKDEP_NOW_UNRELIABLE);
	__module_get(module);
	/* As C does with a task that exits. */
	preempt_count_set(PREEMPT_ENABLED);

	INIT_WORK_ONSTACK(work, report);
	schedule_work(work);
}

/*
 * Runs `bug`, which calls BUG(), in a thread on whose stack is nothing: C counts the oops, and heeds panic_on_oops, which
 * modules cannot read. Called from a work queue, as the task itself may have been killed, and then starts no thread.
 */
__rust_helper void rust_helper_run_panic_thread(int (*bug)(void *))
{
	while (IS_ERR(kthread_run(bug, NULL, "rust_panic")))
		msleep(100);
}

/* What its stack waits for, and the freezer, may wake it. */
__rust_helper void rust_helper_sleep_after_panic(void)
{
	set_current_state(TASK_IDLE | TASK_FREEZABLE_UNSAFE);
	schedule();
}

/* Where a task cannot just stop. BUG() would do in an interrupt, but make a task exit. */
__rust_helper __noreturn void rust_helper_halt_after_panic(void)
{
	if (in_interrupt())
		BUG();
	panic("Rust code has panicked where no task can sleep");
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
