# SPDX-License-Identifier: GPL-2.0-only
# Made by `ferrule builtin`: Kbuild's rule for .o from .rs, with another command in this directory.

ferrule := @FERRULE@
override quiet_cmd_rustc_o_rs = RUSTC $(quiet_modtag) $@
override cmd_rustc_o_rs = $(ferrule) module \
	--kernel $(realpath $(objtree)/drivers/ferrule/crates-$(if $(part-of-module),m,y)) \
	--depfile $(depfile) --modfile $(modfile) $< $@ -- $(rustflags-y) \
	$(or $(RUSTFLAGS_$(target-stem).o),$(RUSTFLAGS_$(basetarget).o)) \
	--cc-follows $(objtree)/scripts/genksyms/genksyms $(CC) $(c_flags) $(cmd_objtool)
# Versions of exported symbols go where modpost reads them.
cmd_and_fixdep += $(if $(filter rustc_o_rs,$(1)),; \
	if [ -f $(dot-target).symvers ]; then cat $(dot-target).symvers >> $(dot-target).cmd; \
	rm -f $(dot-target).symvers; fi)
