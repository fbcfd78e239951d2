// SPDX-License-Identifier: GPL-2.0-only
/* A record can take a console over, between two characters of another. */

#include <linux/console.h>

bool probe(struct console *console, struct nbcon_write_context *context);
bool probe(struct console *console, struct nbcon_write_context *context)
{
	console->device_lock = NULL;
	console->write_atomic = NULL;
	nbcon_reacquire_nobuf(context);
	return nbcon_enter_unsafe(context) && nbcon_exit_unsafe(context);
}
