/* SPDX-License-Identifier: GPL-2.0-only */
/* What the helpers of ports and of their consoles share. */

#ifndef _RUST_HELPERS_SERIAL_H
#define _RUST_HELPERS_SERIAL_H

#include <linux/serial_core.h>
#include <linux/smp.h>

/*
 * Who holds the lock of a port that is a console, where such a console could wait for it: the CPU's number and
 * one, in a field that is the driver's.
 */
#ifdef HAS_NBCON
#define uart_port_hold(up) NULL
#define uart_port_unhold(up, old) ((void)(old))
#define uart_port_is_held(up) false
#else
#define uart_port_cpu() ((void *)(unsigned long)(raw_smp_processor_id() + 1))
#define uart_port_is_held(up) (READ_ONCE((up)->private_data) == uart_port_cpu())

static __always_inline void *uart_port_hold(struct uart_port *up)
{
	void *old = up->private_data;

	if (uart_console(up))
		WRITE_ONCE(up->private_data, uart_port_cpu());
	return old;
}

static __always_inline void uart_port_unhold(struct uart_port *up, void *old)
{
	WRITE_ONCE(up->private_data, old);
}
#endif

#endif
