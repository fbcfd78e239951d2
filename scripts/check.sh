#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks the source: format, lints, documentation, shell, licences. Argument: which check, as in `case` below.
# Cargo without packages means the `default-members` of Cargo.toml.
set -eu
cd "$(dirname "$0")/.."
toolchain=$(target/debug/ferrule doctor --toolchain)
eval "$toolchain"
export RUSTC
# The tools of that toolchain come first: cargo looks for `cargo-clippy` in PATH.
PATH=$(dirname "$RUSTC"):$PATH
sources() { git ls-files '*.rs' | grep -v '^tests/ui/'; }

case $1 in
rustfmt) sources | xargs "$RUSTFMT" ;;
rustfmtcheck) sources | xargs "$RUSTFMT" --check ;;
clippy)
	"$CARGO" clippy --quiet --locked --all-targets -- -Dwarnings
	target/debug/ferrule lint clippy
	;;
rustdoc)
	RUSTDOCFLAGS=-Dwarnings "$CARGO" doc --quiet --locked --no-deps
	target/debug/ferrule lint rustdoc
	;;
rusttest) "$CARGO" test --locked -p bindings-generator -p macros -p pin-init && "$CARGO" test --locked -p ferrule --lib ;;
shellcheck) git ls-files '*.sh' .ci/run | xargs shellcheck ;;
reuse) reuse --suppress-deprecation lint --quiet 2>/dev/null || reuse lint ;;
*) echo "check.sh: no such check: $1" >&2; exit 2 ;;
esac
