#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Passes tests, on this machine and in virtual machines, and ends with one line that counts them. Its arguments are
# those of tests/vm/main.rs: `--help` lists them. With FRESH=1 no verdict comes from an earlier run.
set -eu
cd "$(dirname "$0")/.."

# The same rustc as modules get: the macros' tests pin its messages.
toolchain=$(target/debug/ferrule doctor --toolchain)
eval "$toolchain"
export RUSTC CARGO
# Its other tools come first: cargo looks for `rustdoc` in PATH.
PATH=$(dirname "$RUSTC"):$PATH
# The tests find the tool where tool.sh puts it, whatever the user's Cargo is told.
CARGO_TARGET_DIR=$PWD/target
export CARGO_TARGET_DIR
unset CARGO_BUILD_TARGET
messages=$("$CARGO" test --no-run --quiet --locked --message-format=json-render-diagnostics -p ferrule --test vm)
tests=$(printf '%s\n' "$messages" | sed -n 's/.*"executable":"\([^"]*\/vm-[^"]*\)".*/\1/p')
[ -n "$tests" ] || {
	echo "test.sh: Cargo does not say where it has put the tests" >&2
	exit 1
}
exec "$tests" "$@"
