// SPDX-License-Identifier: GPL-2.0-only
/* All helpers in one translation unit: the headers are read once. */

#include "../bindings/bindings_helper.h"
#include "helpers.h"

#include "bug.c"
#include "err.c"
#include "module.c"
#include "nodemask.c"
#include "refcount.c"
#include "slab.c"
#include "task.c"
#include "vmalloc.c"
