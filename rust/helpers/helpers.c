// SPDX-License-Identifier: GPL-2.0-only
/* All helpers in one translation unit: the headers are read once. */

#include "../bindings/bindings_helper.h"
#include "helpers.h"

#include "bug.c"
#include "debugfs.c"
#include "device.c"
#include "err.c"
#include "io.c"
#include "nodemask.c"
#include "pci.c"
#include "platform.c"
#include "refcount.c"
#include "revocable.c"
#include "slab.c"
#include "task.c"
#include "vmalloc.c"
