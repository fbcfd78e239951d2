#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the ferrule tool as target/debug/ferrule, where the Makefile and the other scripts look for it. Variables or
# the configuration of Cargo may name another directory, or a target, which has a directory of its own. So the target
# directory is given here, and the path of the tool is taken from Cargo's messages. The argument is bootstrap.sh's.
set -eu
cd "$(dirname "$0")/.."
tool=target/debug/ferrule

[ -e $tool ] || echo '  CARGO   ferrule, once: this takes minutes'
cargo=$(scripts/bootstrap.sh "$@")
unset CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR CARGO_BUILD_TARGET
# shellcheck disable=SC2086 # words: `env RUSTC=... cargo`
messages=$($cargo build --quiet --locked --package ferrule --bin ferrule --target-dir target \
	--message-format=json-render-diagnostics)
built=$(printf '%s\n' "$messages" | sed -n 's|.*"executable":"\([^"]*/ferrule\)".*|\1|p')
[ -n "$built" ] || {
	echo "tool.sh: Cargo does not say where it has put the tool" >&2
	exit 1
}
if [ "$(readlink -f "$built")" != "$(readlink -f $tool)" ]; then
	mkdir -p "${tool%/*}"
	ln -f "$built" $tool
fi
