// SPDX-License-Identifier: GPL-2.0-only
/* EXPORT_SYMBOL_NS() takes the namespace as a string. */

#include <linux/export.h>

/* Where it takes a name it makes a string of what it is given, quotes included. */
#undef __EXPORT_SYMBOL
#define __EXPORT_SYMBOL(sym, license, ns) _Static_assert(sizeof(ns) == sizeof("A"), "")

EXPORT_SYMBOL_NS(nothing, "A");
