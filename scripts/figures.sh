#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Measures what README's figures say: sizes beside a C twin, and how long builds take. Arguments: two
# fetched series, of which the first is built from nothing. It removes build/ and target/ for that.
set -eu
cd "$(dirname "$0")/.."
first=${1:-6.12}
second=${2:-7.3}

kdir() { target/debug/ferrule kernels list | awk -F '\t' -v s="$1" '$1 == s { print $3 }'; }
vars() { target/debug/ferrule kernels list | awk -F '\t' -v s="$1" '$1 == s { print $5 }'; }
seconds() {
	what=$1
	shift
	/usr/bin/time -f "%e s, %M kB in the largest process" -o build-time "$@" >build-log 2>&1 || {
		cat build-log
		exit 1
	}
	printf '%-32s %s\n' "$what" "$(cat build-time)"
	rm -f build-time build-log
}
# shellcheck disable=SC2046 # Kbuild's variables are words
samples() { seconds "$1" make M="$3" KDIR="$(kdir "$2")" modules $(vars "$2"); }

make --silent tool
first_kdir=$(kdir "$first")
first_vars=$(vars "$first")
rm -rf build target
# shellcheck disable=SC2086
seconds "from nothing, Linux $first" make M=samples KDIR="$first_kdir" modules $first_vars
touch samples/rust_minimal.rs
samples "one sample touched" "$first" samples
samples "nothing touched" "$first" samples
samples "a second kernel, Linux $second" "$second" samples

samples "" "$first" samples >/dev/null
samples "" "$first" tests/twins >/dev/null
printf '\n%-16s %10s %10s %10s\n' "Linux $first" .ko .text .rodata
for module in samples/*.ko tests/twins/*.ko; do
	strip --strip-debug -o stripped.ko "$module"
	size -A stripped.ko | awk -v name="$(basename "$module")" -v bytes="$(stat -c %s stripped.ko)" '
		$1 ~ /^\.(init\.|exit\.)?text/ { text += $2 }
		$1 ~ /^\.rodata/ { rodata += $2 }
		END { printf "%-16s %10d %10d %10d\n", name, bytes, text, rodata }'
	rm -f stripped.ko
done
