// SPDX-License-Identifier: GPL-2.0-only

#include <linux/console.h>
#include <linux/delay.h>
#include <linux/irqflags.h>
#include <linux/serial_core.h>

#include "serial.h"

#ifndef HAS_NBCON
/* What a kernel has where a record can take a console over. */
struct nbcon_write_context {
	char *outbuf;
	unsigned int len;
	bool unsafe_takeover;
};

__rust_helper bool rust_helper_nbcon_enter_unsafe(struct nbcon_write_context *wctxt)
{
	return true;
}

__rust_helper bool rust_helper_nbcon_exit_unsafe(struct nbcon_write_context *wctxt)
{
	return true;
}

__rust_helper void rust_helper_nbcon_reacquire_nobuf(struct nbcon_write_context *wctxt)
{
}
#endif

/* How long a record waits for a port's lock, in microseconds: longer than any interrupt takes. */
#define UART_CONSOLE_WAIT 100000

__rust_helper void rust_helper_uart_console_init(
	struct console *con, struct uart_driver *drv, int (*setup)(struct console *, char *),
	void (*write)(struct console *, const char *, unsigned int),
	void (*write_thread)(struct console *, struct nbcon_write_context *),
	void (*write_atomic)(struct console *, struct nbcon_write_context *),
	void (*device_lock)(struct console *, unsigned long *),
	void (*device_unlock)(struct console *, unsigned long))
{
	con->device = uart_console_device;
	con->setup = setup;
	con->flags = CON_PRINTBUFFER | CON_ANYTIME;
	con->index = -1;
	con->data = drv;
#ifdef HAS_NBCON
	con->flags |= CON_NBCON;
	con->write_thread = write_thread;
	con->write_atomic = write_atomic;
	con->device_lock = device_lock;
	con->device_unlock = device_unlock;
#else
	con->write = write;
#endif
	drv->cons = con;
}

/*
 * C registers a console for any port of the driver, but keeps only one with an address started. For `console=brl` it
 * calls `write`, with nbcon too.
 */
__rust_helper bool rust_helper_uart_console_is_possible(struct uart_port *up, struct console *con)
{
	return (up->iobase || up->mapbase) && (con->write || !(con->flags & CON_BRL));
}

/* The port's lock without the console, which is the caller's. */
__rust_helper unsigned long rust_helper_uart_port_lock_device(struct uart_port *up)
{
	unsigned long flags;

#ifdef HAS_NBCON
	__uart_port_lock_irqsave(up, &flags);
#else
	spin_lock_irqsave(&up->lock, flags);
#endif
	return flags;
}

__rust_helper void rust_helper_uart_port_unlock_device(struct uart_port *up, unsigned long flags)
{
	spin_unlock_irqrestore(&up->lock, flags);
}

/*
 * A record may come from code that holds the port's lock, where nothing else keeps it from doing so: on this
 * CPU (see uart_port_hold()), or in a kernel that has stopped. It must not wait for that, and goes on without.
 */
__rust_helper bool rust_helper_uart_console_lock(struct uart_port *up, unsigned long *flags)
{
	unsigned int left = oops_in_progress ? 1 : UART_CONSOLE_WAIT;

	local_irq_save(*flags);
	if (uart_port_is_held(up))
		return false;
	while (left--) {
		if (spin_trylock(&up->lock))
			return true;
		udelay(1);
	}
	return false;
}

__rust_helper void rust_helper_uart_console_unlock(struct uart_port *up, bool locked,
						   unsigned long flags)
{
	if (locked)
		spin_unlock(&up->lock);
	local_irq_restore(flags);
}

/* Puts a driver's port out of the way of what comes, if C has left it there when it could not be added. */
__rust_helper void rust_helper_uart_forget_port(struct uart_driver *drv, struct uart_port *up)
{
	struct uart_state *state = drv->state + up->line;

	if (uart_console(up))
		unregister_console(up->cons);
	mutex_lock(&state->port.mutex);
	if (state->uart_port == up) {
		state->uart_port = NULL;
		/* Where it did not come so far, there is no name, or C has freed it. */
		kfree(up->name);
	}
	mutex_unlock(&state->port.mutex);
}
