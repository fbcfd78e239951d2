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

/* In interrupt.c, with the count: one for all helpers of a module. */
void rust_helper_local_interrupt_disable(void);
void rust_helper_local_interrupt_enable(void);

#endif
