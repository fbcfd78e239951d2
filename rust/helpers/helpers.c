// SPDX-License-Identifier: GPL-2.0-only
/* All helpers in one translation unit: the headers are read once. */

#ifdef __clang__
/*
 * A kernel built by gcc may tell per-CPU variables by named address spaces. LLVM drops these where inline
 * assembly uses memory: the access would go astray.
 */
#undef CONFIG_CC_HAS_NAMED_AS
#undef CONFIG_USE_X86_SEG_SUPPORT
#undef __percpu_seg_override
#define __percpu_seg_override
#endif

#include "../bindings/bindings_helper.h"
#include "helpers.h"

#include "atomic.c"
#include "barrier.c"
#include "bug.c"
#include "callbacks.c"
#include "completion.c"
#include "debugfs.c"
#include "device.c"
#include "err.c"
#include "interrupt.c"
#include "io.c"
#include "lockdep.c"
#include "module.c"
#include "mutex.c"
#include "nodemask.c"
#include "pci.c"
#include "platform.c"
#include "property.c"
#include "rcu.c"
#include "refcount.c"
#include "revocable.c"
#include "serdev.c"
#include "serial.c"
#include "serial_attribute.c"
#include "serial_console.c"
#include "slab.c"
#include "spinlock.c"
#include "task.c"
#include "time.c"
#include "vmalloc.c"
#include "wait.c"
#include "workqueue.c"
