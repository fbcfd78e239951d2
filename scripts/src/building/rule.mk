# SPDX-License-Identifier: GPL-2.0-only
#
# Kbuild's rule for .o from .rs, with another command: what rule.rs gives to make for a module beside a kernel, and
# writes into a kernel's tree for one in it. No other file uses these private variables of Kbuild.

# Kernels that run objtool on each object do it here; in others `cmd_objtool` is empty.
cmd_rustc_o_rs = @FERRULE@ module --made-by @MODULE@ --kernel @CRATES@ \
	--depfile $(depfile) --modfile $(modfile) $< $@ \
	-- $(rustflags-y) $(or $(RUSTFLAGS_$(target-stem).o),$(RUSTFLAGS_$(basetarget).o)) \
	--cc-follows $(objtree)/scripts/genksyms/genksyms $(CC) $(c_flags) $(cmd_objtool)

# What the command has found out about exported symbols goes to the file that fixdep writes, where modpost reads it.
cmd_and_fixdep += $(if $(filter rustc_o_rs,$(1)),; \
	if [ -f $(dot-target).symvers ]; then cat $(dot-target).symvers >> $(dot-target).cmd; \
	rm -f $(dot-target).symvers; fi)
