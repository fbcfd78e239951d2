# SPDX-License-Identifier: GPL-2.0-only
# Made by `ferrule builtin`; the rule itself is in rule.mk.

ferrule := @FERRULE@
override quiet_cmd_rustc_o_rs = RUSTC $(quiet_modtag) $@
include $(srctree)/drivers/ferrule/rule.mk
