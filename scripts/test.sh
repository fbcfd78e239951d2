#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs tests, on the host and in virtual machines; the last line has the totals. Its arguments are those of
# tests/vm/main.rs: `--help` lists them. With FRESH=1 no result comes from an earlier run.
set -eu
cd "$(dirname "$0")/.."

# The rustc that compiles modules: the tests of the macros compare its messages.
toolchain=$(target/debug/ferrule doctor --toolchain)
eval "$toolchain"
export RUSTC CARGO
# The other tools of that toolchain come first: cargo looks for `rustdoc` in PATH.
PATH=$(dirname "$RUSTC"):$PATH
# The tests expect the tool where tool.sh puts it, whatever the configuration of the user's Cargo.
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
