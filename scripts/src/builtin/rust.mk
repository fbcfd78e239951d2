# SPDX-License-Identifier: GPL-2.0-only
# Made by `ferrule builtin`: Kbuild's rule for .o from .rs, with another command in this directory.

ferrule := @FERRULE@
override quiet_cmd_rustc_o_rs = RUSTC $(quiet_modtag) $@
override cmd_rustc_o_rs = $(ferrule) module \
	--kernel $(objtree)/drivers/ferrule/crates-$(if $(part-of-module),m,y) \
	--depfile $(depfile) --modfile $(modfile) $< $@ -- $(rustflags-y) \
	$(or $(RUSTFLAGS_$(target-stem).o),$(RUSTFLAGS_$(basetarget).o)) $(cmd_objtool)
