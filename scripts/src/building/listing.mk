# SPDX-License-Identifier: GPL-2.0-only
#
# Prints what a directory's Kbuild file lists, for listing.rs. Variables: `src`, the directory; `kbuild-file`;
# `srctree`, the kernel whose configuration counts, or nothing; and what Kbuild's command line has.

obj := $(src)
objtree := $(srctree)
M := $(src)
KBUILD_EXTMOD := $(src)
# Set as Kbuild sets it: Makefiles that call Kbuild themselves test it to tell whether Kbuild reads them.
KERNELRELEASE := unknown

ifneq ($(srctree),)
-include $(srctree)/include/config/auto.conf
endif
include $(kbuild-file)

# What an unset symbol of the configuration chooses is in `obj-`, and in `x-`.
ferrule-parts = $(foreach kind,objs y m,$(foreach part,$($1-$(kind)),$(call ferrule-line,part,y,$(part)))) \
	$(foreach part,$($1-),$(call ferrule-line,part,n,$(part)))
ferrule-flags = $(strip $(subdir-rustflags-y) $(rustflags-y) $(RUSTFLAGS_$1))
ferrule-line = $(info ferrule: $1 $2 $3 $(call ferrule-flags,$3))
ferrule-list = $(foreach object,$(filter %.o,$(obj-$1)),$(call ferrule-line,object,$2,$(object)) \
		$(call ferrule-parts,$(object:.o=))) \
	$(foreach dir,$(filter %/,$(obj-$1)),$(info ferrule: dir $2 $(dir)))

ferrule := $(call ferrule-list,y,y)$(call ferrule-list,m,m)$(call ferrule-list,,n)
.PHONY: ferrule-listing
ferrule-listing: ;
