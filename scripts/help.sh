#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Lists the verbs of the Makefile, by the comments behind their rules, and its variables.
awk -F ':.*## *' '/^[a-z_ -]+:.*## / { printf "  %-34s %s\n", $1, $2 }' "$1"
cat <<'END'

  M=DIR           the modules' directory: a Kbuild file with `obj-m := x.o`, and x.rs
  KDIR=DIR        the kernel's build directory       [/lib/modules/KVER/build]
  KVER=RELEASE    an installed kernel, or a fetched one as 6.12, or debug   [the running one]
  KIND=module     what `make new` makes: module, params, pci, platform, uart   [module]
  LINUX=DIR       the kernel's source that `make builtin` puts modules into
  HELPERS=inline|object  how C helpers reach a module [inline, where clang of rustc's LLVM is there]
  KERNELS="6.12"  which stock kernels to fetch, test, show [all; for demo the newest fetched]
  T=7.3::serial   which tests to run, by a part of their names; T=--list lists them   [all]
  FRESH=1         run every step of the tests, also those whose inputs have not changed
  UPDATE=1        let `make test` update the recorded sizes, machine code and lists
  CHECK=1         let `make test` also do what `make check` does
  SIGN_KEY=PEM SIGN_CERT=X509     modules_install signs with them   [the kernel's own key, if it is there]
  COMPRESS=none|gzip|xz|zstd      modules_install compresses so     [as the kernel's own modules are]
  NAME= VERSION=  of the DKMS package                [the directory's name, 1.0]
  PREFIX=DIR      where to install Ferrule           [/usr/local]
  RUSTC= CLANG= LIBCLANG_PATH=  a toolchain other than the one found
  FERRULE_STORE=DIR FERRULE_STORE_SIZE=4G  the cache of build results, and its size limit
                  [~/.cache/ferrule/store, 4 GiB]
  FERRULE_BUILD=DIR FERRULE_CACHE=DIR  build output; fetched kernels and the store   [build, ~/.cache/ferrule]
  V=1 INSTALL_MOD_PATH= CC= ...  are Kbuild's own
END
