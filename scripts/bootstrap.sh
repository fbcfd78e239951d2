#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Prints the command that runs a cargo able to build the `ferrule` tool: that needs a Rust of 1.85
# or newer, but no rust-src and no LLVM. Where there is none, apt-get installs the distribution's.
# All else is the work of `ferrule setup`.
# shellcheck disable=SC2086 # unquoted variables are lists of words
set -u
packages=

die() { echo "bootstrap: $*" >&2; exit 1; }
# Are these programs there, in version 1.85 or newer?
new_enough() {
    for tool; do
        "$tool" -V 2>/dev/null | grep -Eq "^[a-z]+ (1\.(8[5-9]|9[0-9]|[0-9]{3})|[2-9])\." || return 1
    done
}

has_source() { [ -d "$("$1" --print sysroot)/lib/rustlib/src/rust/library" ]; }

# Best is the Rust that modules will be built with, so that nothing is built twice: one with rust-src.
find_cargo() {
    dirs="/usr/bin ${HOME:-/root}/.cargo/bin $(echo /usr/lib/rust-*/bin)"
    for wish in has_source true; do
        new_enough cargo "${RUSTC:-rustc}" && $wish "${RUSTC:-rustc}" && command -v cargo && return
        for dir in $dirs; do
            new_enough "$dir/cargo" "$dir/rustc" && $wish "$dir/rustc" &&
                echo "env RUSTC=$dir/rustc $dir/cargo" && return
        done
    done
    return 1
}

certificates() {
    cat /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem 2>/dev/null | grep -q .
}

# Does apt have all these packages in such a version ($1, a pattern)?
offers() {
    pattern=$1
    shift
    for package; do
        LC_ALL=C apt-cache policy "$package" | grep -Eq "Candidate: $pattern" || return 1
    done
}

choose_rust() {
    for set in "rustc-web cargo-web rust-web-src" "rustc cargo rust-src" "rustc-1.85 cargo-1.85 rust-1.85-src"; do
        offers '1\.(8[5-9]|9[0-9]|[0-9]{3})\.' $set && packages="$packages $set" && return
    done
    return 1
}

as_root() {
    [ "$(id -u)" = 0 ] || set -- sudo "$@"
    echo "+ $*" >&2
    "$@" >&2 || die "this failed: $*; put right what it says above, then run this again"
}

certificates && find_cargo && exit
command -v apt-get >/dev/null || die "no Rust of 1.85 or newer, or no TLS certificates: install rustc, cargo and" \
    "ca-certificates, by the distribution's packages or by rustup"

certificates || packages=ca-certificates
# Lists that are not the newest may have an old Rust only.
as_root apt-get -q update
find_cargo >/dev/null || choose_rust ||
    die "apt has no rustc of 1.85 or newer: enable the release's security updates, or use rustup's"
as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install --no-install-recommends --no-remove -y $packages
find_cargo || die "still no Rust of 1.85 or newer: see \`cargo -V\` and \`rustc -V\`; an old one first in PATH?"
