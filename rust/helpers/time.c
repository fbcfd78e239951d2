// SPDX-License-Identifier: GPL-2.0-only

#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/preempt.h>
#include <linux/sched/task_stack.h>
#include <linux/timekeeping.h>
#include <linux/timer.h>

__rust_helper void rust_helper_fsleep(unsigned long usecs)
{
	fsleep(usecs);
}

__rust_helper void rust_helper_udelay(unsigned long usecs)
{
	udelay(usecs);
}

__rust_helper unsigned long rust_helper_get_jiffies(void)
{
	return jiffies;
}

/*
 * The clocks, in any context: a console's code may run in an NMI, which may have interrupted who writes the time. Who reads
 * it otherwise would wait for that for ever.
 */
#define RUST_HELPER_CLOCK(name, get, get_fast)		\
__rust_helper ktime_t rust_helper_##name(void)		\
{							\
	return unlikely(in_nmi()) ? get_fast() : get();	\
}

RUST_HELPER_CLOCK(clock_monotonic, ktime_get, ktime_get_mono_fast_ns)
RUST_HELPER_CLOCK(clock_realtime, ktime_get_real, ktime_get_real_fast_ns)
RUST_HELPER_CLOCK(clock_boottime, ktime_get_boottime, ktime_get_boot_fast_ns)
RUST_HELPER_CLOCK(clock_tai, ktime_get_clocktai, ktime_get_tai_fast_ns)

/* The kernel that tracks timers wants to be told of those on a stack; an initialiser does not know its place. */
__rust_helper void rust_helper_hrtimer_setup_in_place(struct hrtimer *timer,
						      enum hrtimer_restart (*function)(struct hrtimer *),
						      clockid_t clock_id, enum hrtimer_mode mode)
{
#ifdef CONFIG_DEBUG_OBJECTS_TIMERS
	if (object_is_on_stack(timer)) {
#ifdef HAS_HRTIMER_SETUP
		hrtimer_setup_on_stack(timer, function, clock_id, mode);
#else
		hrtimer_init_on_stack(timer, clock_id, mode);
		timer->function = function;
#endif
		return;
	}
#endif
#ifdef HAS_HRTIMER_SETUP
	hrtimer_setup(timer, function, clock_id, mode);
#else
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
#endif
}

__rust_helper void rust_helper_destroy_hrtimer_on_stack(struct hrtimer *timer)
{
	destroy_hrtimer_on_stack(timer);
}

__rust_helper ktime_t rust_helper_hrtimer_get_expires(const struct hrtimer *timer)
{
	return hrtimer_get_expires(timer);
}

__rust_helper void rust_helper_timer_setup_named(struct timer_list *timer,
						 void (*func)(struct timer_list *),
						 unsigned int flags, const char *name,
						 struct lock_class_key *key)
{
#ifdef HAS_TIMER_INIT_KEY
	timer_init_key(timer, func, flags, name, key);
#else
	init_timer_key(timer, func, flags, name, key);
#endif
}

/* C warns if its function has started the timer again, and then asks for this. */
__rust_helper u64 rust_helper_hrtimer_forward_unqueued(struct hrtimer *timer, ktime_t now,
						       ktime_t interval)
{
	return hrtimer_is_queued(timer) ? 0 : hrtimer_forward(timer, now, interval);
}

/*
 * What hrtimer_forward() would make of *expires. It takes no lock: the expiry of a timer that others may start
 * meanwhile, by which the queue is ordered then, is not its to change.
 */
__rust_helper u64 rust_helper_hrtimer_forward_copy(struct hrtimer *timer, ktime_t *expires, ktime_t now,
						   ktime_t interval)
{
	struct hrtimer copy = {};
	u64 overruns;

	if (hrtimer_is_queued(timer))
		return 0;

	hrtimer_set_expires(&copy, *expires);
	overruns = hrtimer_forward(&copy, now, interval);
	*expires = hrtimer_get_expires(&copy);
	return overruns;
}

/* As where a function returns HRTIMER_RESTART: who has started the timer meanwhile is right. If both start it, either is. */
__rust_helper void rust_helper_hrtimer_start_unqueued(struct hrtimer *timer, ktime_t expires,
						      enum hrtimer_mode mode)
{
	if (!hrtimer_is_queued(timer))
		hrtimer_start_range_ns(timer, expires, 0, mode);
}

#ifndef HAS_TIMER_DELETE_SYNC
__rust_helper int rust_helper_timer_delete_sync(struct timer_list *timer)
{
	return del_timer_sync(timer);
}
#endif
