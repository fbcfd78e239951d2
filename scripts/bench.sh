#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Prints and draws what serial drivers cost. Arguments: kernels, of those that are fetched.
set -eu
cd "$(dirname "$0")/.."

toolchain=$(target/debug/ferrule doctor --toolchain)
eval "$toolchain"
export RUSTC
exec "$CARGO" bench --profile dev --locked --quiet -p ferrule --bench uart -- "$@"
