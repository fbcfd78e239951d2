#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Measures the figures of README: sizes beside a C twin, and build times. Arguments: two series of tests/kernels.toml.
# For the first it builds from nothing; it removes build/ and target/ for that.
set -eu
cd "$(dirname "$0")/.."
first=${1:?two kernels to build for, as in: scripts/figures.sh 6.12 7.3}
second=${2:?a second kernel to build for}

# Builds directory $3 for the series $2, and prints the time and memory that it took, after the name $1.
modules() {
	/usr/bin/time -f "%e s, %U s user, %S s system, %M kB in the largest process" -o build-time \
		make M="$3" KVER="$2" modules >build-log 2>&1 || {
		cat build-log
		exit 1
	}
	[ -z "$1" ] || printf '%-32s %s\n' "$1" "$(cat build-time)"
	rm -f build-time build-log
}

make --silent kernels KERNELS="$first $second" >/dev/null
rm -rf build target
# An empty store: nothing comes from earlier builds.
FERRULE_STORE=$(mktemp -d)
export FERRULE_STORE
# Restores the sample that is changed below, also after an error or a signal.
restore() {
	[ ! -e "$FERRULE_STORE/source" ] || cp "$FERRULE_STORE/source" samples/rust_minimal.rs
}
trap 'restore; rm -rf "$FERRULE_STORE"' EXIT
trap 'exit 1' INT TERM HUP
modules "from nothing, Linux $first" "$first" samples
touch samples/rust_minimal.rs
modules "one sample touched" "$first" samples
# Renamed when the copy is complete: `restore` never restores a part of it.
cp samples/rust_minimal.rs "$FERRULE_STORE/copy"
mv "$FERRULE_STORE/copy" "$FERRULE_STORE/source"
echo '// Changed.' >>samples/rust_minimal.rs
modules "one sample changed" "$first" samples
restore
modules "and back" "$first" samples
modules "nothing touched" "$first" samples
modules "a second kernel, Linux $second" "$second" samples

modules "" "$first" samples
modules "" "$first" tests/twins
printf '\n%-16s %10s %10s %10s\n' "Linux $first" .ko .text .rodata
for module in samples/*.ko tests/twins/*.ko; do
	strip --strip-debug -o stripped.ko "$module"
	size -A stripped.ko | awk -v name="$(basename "$module")" -v bytes="$(stat -c %s stripped.ko)" '
		$1 ~ /^\.(init\.|exit\.)?text/ { text += $2 }
		$1 ~ /^\.rodata/ { rodata += $2 }
		END { printf "%-16s %10d %10d %10d\n", name, bytes, text, rodata }'
	rm -f stripped.ko
done
