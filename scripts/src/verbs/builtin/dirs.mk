obj-y += $(addsuffix /,$(ferrule-dirs))
clean-files := cflags-* crates-* made-by

# `make clean` descends by rules of the same names.
ifeq ($(filter %Makefile.clean,$(MAKEFILE_LIST)),)
include $(srctree)/drivers/ferrule/rust.mk

# How C is compiled here, for the kernel and for a module of it: what Rust shares is built with that.
$(obj)/cflags-m: private part-of-module := y
$(obj)/cflags-y $(obj)/cflags-m: FORCE
	$(file >$@,$(CC) $(c_flags))@:

$(obj)/crates: $(obj)/cflags-y $(obj)/cflags-m FORCE
	+@$(ferrule) prepare --kdir $(abspath $(objtree)) $(srctree)/$(obj) $(obj)

$(addprefix $(obj)/,$(ferrule-dirs)): $(obj)/crates
endif
