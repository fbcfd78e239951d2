#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Passes every test, on this machine and in virtual machines, and ends with one line that counts them.
# Arguments: the kernels' series to test, all of tests/kernels.toml without any; `debug` alone is the debug
# kernel, whose tests are those in virtual machines only.
set -u
cd "$(dirname "$0")/.." || exit 1
export KERNELS="$*"
# Without packages Cargo means the `default-members` of Cargo.toml.
what=--no-fail-fast
[ "$KERNELS" != debug ] || what="-p ferrule --test vm"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

# The same rustc as modules get: the macros' tests pin its messages.
toolchain=$(target/debug/ferrule doctor --toolchain) || exit 1
eval "$toolchain"
export RUSTC
# Its other tools come first: cargo looks for `rustdoc` in PATH.
PATH=$(dirname "$RUSTC"):$PATH
{
	# shellcheck disable=SC2086 # words
	"$CARGO" test --locked $what 2>&1
	echo "status: $?"
} | tee "$log"

# A run that did not come to its end counts as a failure, whatever it counted. What failed stands above among
# thousands of lines, so it is said once more.
awk '
/^failures:$/   { fails = 1 }
fails           { again = again $0 "\n" }
/^test result:/ { fails = 0; passed += $4; failed += $6; skipped += $8 }
/^status: /     { status = $2 }
END {
	if (status != 0 && failed == 0) failed = 1
	printf "%s", again
	printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
	exit status != 0 || failed > 0 || passed == 0
}' "$log"
