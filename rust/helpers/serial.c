// SPDX-License-Identifier: GPL-2.0-only

#include <linux/cdev.h>
#include <linux/delay.h>
#include <linux/serdev.h>
#include <linux/serial_core.h>
#include <linux/string.h>
#include <linux/tty_driver.h>
#include <linux/tty_port.h>
#include <linux/tty_flip.h>

#include "interrupt.h"
#include "serial.h"

#ifdef uart_circ_empty
#include <linux/circ_buf.h>
#endif

/*
 * As uart_port_lock_irqsave(), but interrupts are counted off as everywhere in Rust, where guards are dropped in any order.
 * With PREEMPT_RT the lock leaves them on.
 */
__rust_helper void rust_helper_uart_port_lock_irq_disable(struct uart_port *up)
{
	unsigned long flags;

	uart_port_lock_irqsave(up, &flags);
#ifndef CONFIG_PREEMPT_RT
	rust_helpers_irq_disabled(flags);
#endif
	uart_port_hold(up);
}

static __always_inline unsigned long uart_port_flags(void)
{
#ifdef CONFIG_PREEMPT_RT
	return 0;
#else
	return rust_helpers_irq_flags();
#endif
}

__rust_helper void rust_helper_uart_port_unlock_irq_enable(struct uart_port *up)
{
	uart_port_unhold(up, NULL);
	uart_port_unlock_irqrestore(up, uart_port_flags());
}

/* For the time of an operation that C calls with the lock held. */
__rust_helper void *rust_helper_uart_port_hold(struct uart_port *up)
{
	return uart_port_hold(up);
}

__rust_helper void rust_helper_uart_port_unhold(struct uart_port *up, void *old)
{
	uart_port_unhold(up, old);
}

__rust_helper void rust_helper_uart_unlock_and_check_sysrq_irq_enable(struct uart_port *up)
{
	uart_port_unhold(up, NULL);
	uart_unlock_and_check_sysrq_irqrestore(up, uart_port_flags());
}

__rust_helper int rust_helper_uart_prepare_sysrq_char(struct uart_port *up, u8 ch)
{
	return uart_prepare_sysrq_char(up, ch);
}

/*
 * C looks at the port's tty without a reference. That of a console is closed without shutdown(), and so are others after a
 * hang-up while they wait for a carrier: it could be freed meanwhile.
 */
__rust_helper int rust_helper_uart_handle_break(struct uart_port *up)
{
	struct tty_struct *tty = tty_port_tty_get(&up->state->port);
	int ret = uart_handle_break(up);

	tty_kref_put(tty);
	return ret;
}

__rust_helper void rust_helper_uart_port_handle_dcd_change(struct uart_port *up, bool active)
{
	struct tty_struct *tty = tty_port_tty_get(&up->state->port);

	uart_handle_dcd_change(up, active);
	tty_kref_put(tty);
}

__rust_helper int rust_helper_uart_tx_stopped(struct uart_port *up)
{
	struct tty_struct *tty;
	bool stopped;

	if (up->hw_stopped)
		return 1;
	tty = tty_port_tty_get(&up->state->port);
	stopped = tty && tty->flow.stopped;
	tty_kref_put(tty);
	return stopped;
}

/* The part of the transmit buffer that comes first and lies together; none while it is not there. */
__rust_helper unsigned int rust_helper_uart_xmit_peek(struct uart_port *up, const u8 **tail)
{
#ifdef uart_circ_empty
	struct circ_buf *xmit = &up->state->xmit;

	if (!xmit->buf)
		return 0;
	*tail = xmit->buf + xmit->tail;
	return CIRC_CNT_TO_END(xmit->head, xmit->tail, UART_XMIT_SIZE);
#else
	struct __kfifo *fifo = &up->state->port.xmit_fifo.kfifo;
	unsigned int offset = fifo->out & fifo->mask;

	if (!fifo->data)
		return 0;
	*tail = (const u8 *)fifo->data + offset;
	return min(fifo->in - fifo->out, fifo->mask + 1 - offset);
#endif
}

/* As uart_xmit_advance(). */
__rust_helper void rust_helper_uart_xmit_skip(struct uart_port *up, unsigned int chars)
{
	uart_xmit_advance(up, chars);
}

__rust_helper unsigned int rust_helper_uart_xmit_pending(struct uart_port *up)
{
#ifdef uart_circ_empty
	struct circ_buf *xmit = &up->state->xmit;

	return xmit->buf ? uart_circ_chars_pending(xmit) : 0;
#else
	return kfifo_len(&up->state->port.xmit_fifo);
#endif
}

__rust_helper bool rust_helper_uart_insert_flip_char(struct uart_port *up, u8 ch, u8 flag)
{
	return tty_insert_flip_char(&up->state->port, ch, flag);
}

__rust_helper size_t rust_helper_uart_insert_flip_string(struct uart_port *up, const u8 *chars,
							 size_t size)
{
	return tty_insert_flip_string_fixed_flag(&up->state->port, chars, TTY_NORMAL, size);
}

__rust_helper bool rust_helper_uart_console(struct uart_port *up)
{
	return uart_console(up);
}

__rust_helper bool rust_helper_uart_enable_ms(struct uart_port *up, unsigned int cflag)
{
	return UART_ENABLE_MS(up, cflag);
}

/* Each tty holds a reference of its driver until it is gone. */
__rust_helper bool rust_helper_uart_driver_has_ttys(struct uart_driver *drv)
{
	return kref_read(&drv->tty_driver->kref) > 1;
}

/* A port of serdev has no device file. */
__rust_helper bool rust_helper_uart_port_has_device(struct uart_driver *drv, struct uart_port *up)
{
	return drv->tty_driver->cdevs[up->line] ||
	       up->state->port.client_ops != &tty_port_default_client_ops;
}

__rust_helper dev_t rust_helper_uart_port_devt(struct uart_driver *drv, struct uart_port *up)
{
	return MKDEV(drv->tty_driver->major, drv->tty_driver->minor_start + up->line);
}

/*
 * When a suspend has returned. C leaves a console that is to go on as it is, and then asks its device file's device
 * whether it may wake the system; a port of serdev has none. It is resumed as one that was suspended.
 */
__rust_helper void rust_helper_uart_port_to_be_resumed(struct uart_driver *drv, struct uart_port *up)
{
	if (!drv->tty_driver->cdevs[up->line])
		up->suspended = 1;
}

/* Whether it is the device of that number; then it cannot wake the system any more. */
__rust_helper bool rust_helper_uart_device_cannot_wake(struct device *dev, dev_t devt)
{
	if (dev->devt != devt)
		return false;
	device_set_wakeup_capable(dev, false);
	return true;
}

/* Takes the driver from the port's client, and lets it have none any more. */
__rust_helper void rust_helper_uart_port_release_client(struct uart_port *up)
{
	struct tty_port *port = &up->state->port;
	struct serdev_controller *ctrl = port->client_data;
	struct device *dev;

	if (port->client_ops == &tty_port_default_client_ops || !ctrl || !ctrl->serdev)
		return;
	dev = &ctrl->serdev->dev;
	device_lock(dev);
	kill_device(dev);
	device_unlock(dev);
	device_release_driver(dev);
}

/* Whether the device is the client of a serial port, or stands below one. */
__rust_helper bool rust_helper_device_is_below_serdev(const struct device *dev)
{
	for (; dev; dev = dev->parent) {
		if (dev->bus && !strcmp(dev->bus->name, "serial"))
			return true;
	}
	return false;
}

/* Some kernels delete the character device without a look whether it is there. */
__rust_helper void rust_helper_uart_remove_port_without_device(struct uart_driver *drv,
							       struct uart_port *up)
{
	struct cdev **cdev = &drv->tty_driver->cdevs[up->line];

	while (!*cdev && !(*cdev = cdev_alloc()))
		msleep(10);
	uart_remove_one_port(drv, up);
}

/*
 * Forgets what C leaves of a port that is removed while it is started, but not open: a console that was closed, or one
 * that waits for a carrier. The next port of the line would never be started.
 */
__rust_helper void rust_helper_uart_forget_state(struct uart_driver *drv, unsigned int line)
{
	struct uart_state *state = drv->state + line;
	struct tty_port *port = &state->port;
	void *buf;

	mutex_lock(&port->mutex);
	tty_port_set_initialized(port, false);
	tty_port_set_suspended(port, false);
	tty_port_tty_set(port, NULL);
#ifdef uart_circ_empty
	buf = state->xmit.buf;
	state->xmit.buf = NULL;
#else
	buf = port->xmit_buf;
	port->xmit_buf = NULL;
	INIT_KFIFO(port->xmit_fifo);
#endif
	mutex_unlock(&port->mutex);
	free_page((unsigned long)buf);
}

/* The registration has failed: C has freed what these point to, and would take them for those of a registered driver. */
__rust_helper void rust_helper_uart_driver_reset(struct uart_driver *drv)
{
	drv->state = NULL;
	drv->tty_driver = NULL;
}

/* The line discipline has changed: that for pulses is to hear of each change of carrier detect. */
__rust_helper bool rust_helper_uart_port_set_pps(struct uart_port *up, const struct ktermios *termios)
{
	bool pps = termios->c_line == N_PPS;

	if (pps)
		up->flags |= UPF_HARDPPS_CD;
	else
		up->flags &= ~UPF_HARDPPS_CD;
	return pps;
}

/* Its type differs between kernels. */
__rust_helper void rust_helper_uart_port_set_iotype(struct uart_port *up, bool io)
{
	up->iotype = io ? UPIO_PORT : UPIO_MEM;
}
