// SPDX-License-Identifier: GPL-2.0-only
/* What a client of serdev returns of how much it has taken is an int. */

#include <linux/serdev.h>

_Static_assert(__builtin_types_compatible_p(
	typeof(((struct serdev_device_ops *)0)->receive_buf(NULL, NULL, 0)), int), "");
