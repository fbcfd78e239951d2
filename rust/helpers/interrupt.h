/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often interrupts were disabled: that each place keeps the flags which it found is right only if the places end
 * in reverse order, and Rust's guards may be dropped in any.
 *
 * Newer kernels count, too (interrupt_rc.h), in eight bits of the preemption count. Guards of Rust can be forgotten, or
 * be in a vector, which takes no memory for them: more than 255 would look like an interrupt, or an NMI, to the
 * kernel. So each module has a count that is long enough.
 */

#ifndef _RUST_HELPERS_INTERRUPT_H
#define _RUST_HELPERS_INTERRUPT_H

#include <linux/types.h>

/* In interrupt.c, with the count: one for all helpers of a module. */

/* Counts that interrupts have been disabled; `flags` says what they were before. */
void rust_helpers_irq_disabled(unsigned long flags);

/* Counts back; returns what interrupts are to be. */
unsigned long rust_helpers_irq_flags(void);

#endif
