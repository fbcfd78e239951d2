# SPDX-License-Identifier: GPL-2.0-only
#
# Verbs; `make help` lists them. What they do is in scripts/ (the ferrule tool) and, for modules, in the
# kernel's own Kbuild.

.DEFAULT_GOAL := help

# Variables of the command line go on to Kbuild as they are; these are ours.
M       ?=
KDIR    ?=
KVER    ?=
HELPERS ?=
KERNELS ?=
SIGN_KEY  ?=
SIGN_CERT ?=
COMPRESS  ?=
LINUX   ?=
KIND    ?=
T       ?=
CHECK   ?=
export FRESH

FERRULE := target/debug/ferrule
# Kbuild's variables that a user may give; the rest of make's command line is not meant for it.
KBUILD  := $(filter V=% W=% C=% CF=% INSTALL_MOD_% MODLIB=% DEPMOD=% CC=% LLVM=% CROSS_COMPILE=% KBUILD_% CONFIG_%,\
             $(foreach v,$(.VARIABLES),$(if $(filter command line,$(origin $v)),$v=$($v))))
CHOICE   = $(if $(KDIR),--kdir '$(KDIR)') $(if $(KVER),--kver '$(KVER)')
BUILD    = $(FERRULE) build $(CHOICE) $(if $(HELPERS),--helpers '$(HELPERS)') \
             $(if $(SIGN_KEY),--sign-key '$(SIGN_KEY)') $(if $(SIGN_CERT),--sign-cert '$(SIGN_CERT)') \
             $(if $(COMPRESS),--compress '$(COMPRESS)')
NEED_M   = $(if $(M),,$(error M= is missing: name the modules' directory, as in `make M=samples $@`))

## Building modules
.PHONY: modules modules_install clean prepare
modules: tool                        ## build the modules of directory M=
modules_install clean: $(FERRULE)    ## install or clean them; root may do so too, as nothing is compiled
modules modules_install clean:
	$(NEED_M)
	+@$(BUILD) -M '$(M)' $@ $(KBUILD)

prepare: tool                        ## build what all modules of a kernel share, and nothing else
	+@$(BUILD) $(KBUILD)

CONFIGS := config oldconfig olddefconfig listnewconfig defconfig savedefconfig allmodconfig allnoconfig
.PHONY: $(CONFIGS) menuconfig new builtin
config oldconfig defconfig menuconfig: ## choose which modules of directory M= are built
$(CONFIGS) menuconfig: tool
	$(NEED_M)
	@$(FERRULE) config $(CHOICE) -M '$(M)' $@

new: tool                            ## make the directory M= of a new module
	$(NEED_M)
	@$(FERRULE) new '$(M)' $(if $(KIND),--kind '$(KIND)')

builtin: tool                        ## put the directory M= into a kernel's source, to be built there
	$(NEED_M)
	@$(FERRULE) builtin --linux '$(or $(LINUX),$(error LINUX= is missing: name the kernel's source))' -M '$(M)'

.PHONY: dkms
dkms: tool                           ## make directory M= a DKMS package: write its dkms.conf (NAME=, VERSION=)
	$(NEED_M)
	@$(FERRULE) dkms '$(M)' $(CHOICE) $(if $(NAME),--name '$(NAME)') $(if $(VERSION),--package-version '$(VERSION)')

## Trying
.PHONY: demo test test-debug bench kernels kernels-debug
demo: setup                          ## build the samples for a stock kernel, boot it in QEMU, load them there
	@$(FERRULE) demo $(KERNELS)

TEST = scripts/test.sh $(if $(CHECK),--check)
test-debug: setup kernels-debug      ## run the tests of the debug kernel, or those that T= selects
	@$(TEST) --kernel debug '$(T)'

# Variables of other verbs would have no effect.
$(if $(filter test test-debug,$(MAKECMDGOALS)),,$(foreach v,T CHECK FRESH UPDATE,$(if $(filter 0,$(MAKELEVEL)),\
  $(if $(filter command line,$(origin $v)),$(error $v= is for `make test` and `make test-debug`)))))
# The debug kernel has verbs of its own.
$(if $(filter debug,$(KERNELS)),$(error KERNELS=debug: the debug kernel is built by `make kernels-debug`, tested by `make test-debug`))

test: $(if $(filter --list,$(T)),tool,setup kernels)  ## run all tests, or those that T= selects: on the host, and on the kernels of tests/kernels.toml
	@$(TEST) $(KERNELS:%=--kernel %) '$(T)'

bench: setup kernels                 ## count instructions of serial drivers, C's and Rust's, and draw them
	@scripts/bench.sh $(KERNELS)

kernels: tool                        ## fetch the stock kernels that the tests boot
	@$(FERRULE) kernels fetch $(KERNELS)

kernels-debug: tool                  ## build the debug kernel, KVER=debug, in the same cache
	@$(FERRULE) kernels debug

## Setting up
.PHONY: setup rustavailable tool install
install: $(FERRULE)                  ## install Ferrule for root, as DKMS needs it (PREFIX=, DESTDIR=)
	@$(FERRULE) install $(if $(PREFIX),--prefix '$(PREFIX)') $(if $(DESTDIR),--destdir '$(DESTDIR)')

setup: tool                          ## install what is missing, with apt
	@$(FERRULE) setup

rustavailable: tool                  ## say what is missing, and how to install it
	@$(FERRULE) doctor $(if $(KDIR),--kdir '$(KDIR)')

$(FERRULE):
	@$(MAKE) --no-print-directory tool

# Goals that install what is missing have the Rust for modules installed before the tool is built with it.
tool:                                # the ferrule tool, by whatever Rust there is
	@scripts/tool.sh $(if $(filter setup demo test test-debug bench,$(MAKECMDGOALS)),setup)

## Keeping the source in order
.PHONY: check rustfmt rustfmtcheck clippy rustdoc rusttest shellcheck reuse
check: rustfmtcheck clippy rustdoc shellcheck reuse  ## what CI checks besides `make test`
clippy rustdoc: kernels
rustfmt rustfmtcheck clippy rustdoc rusttest shellcheck reuse: tool  ## format, check, document, test on this machine
	@scripts/check.sh $@

.PHONY: help
help:                                ## list the verbs and variables
	@scripts/help.sh $(MAKEFILE_LIST)
