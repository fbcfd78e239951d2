// SPDX-License-Identifier: GPL-2.0-only

#include <linux/nodemask.h>

__rust_helper bool rust_helper_node_possible(int nid)
{
	return node_possible(nid);
}
