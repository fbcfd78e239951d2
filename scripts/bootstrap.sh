#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Prints the command for a cargo that can build the `ferrule` tool: of the `rust-version` in Cargo.toml, or newer. The
# tool needs no rust-src and no LLVM. If there is no such cargo, apt-get installs the distribution's. With the argument
# `setup` the Rust that modules need is installed first, so that the tool is built once only. `ferrule setup` installs
# everything else.
# shellcheck disable=SC2086 # unquoted variables are lists of words
set -u
goal=${1:-}
packages=
minor=$(sed -n 's/^rust-version = "1\.\([0-9]*\)"$/\1/p' "$(dirname "$0")/../Cargo.toml")
minimum=1.$minor

die() { echo "bootstrap: $*" >&2; exit 1; }
[ -n "$minor" ] || die "Cargo.toml states no rust-version"

# Is this version, such as 1.96.0, the minimum or newer?
is_new() {
    version=${1%%[!0-9.]*}
    major=${version%%.*}
    rest=${version#*.}
    [ -n "$version" ] && { [ "$major" -gt 1 ] || { [ "$major" = 1 ] && [ "${rest%%.*}" -ge "$minor" ]; }; }
}

# Are these programs there, new enough?
new_enough() {
    for tool; do
        said=$("$tool" -V 2>/dev/null) && said=${said#* } && is_new "${said%% *}" || return 1
    done
}

has_source() { [ -e "$("$1" --print sysroot)/lib/rustlib/src/rust/library/core/src/lib.rs" ]; }

# Prints the first cargo beside or for a rustc of which $1 holds: `has_source`, as modules need it, or `true`.
find_cargo() {
    new_enough cargo "${RUSTC:-rustc}" && $1 "${RUSTC:-rustc}" && command -v cargo && return
    for dir in /usr/bin "${HOME:-/root}/.cargo/bin" "${HOME:-/root}"/.rustup/toolchains/*/bin /usr/lib/rust-*/bin; do
        new_enough "$dir/cargo" "$dir/rustc" && $1 "$dir/rustc" &&
            echo "env RUSTC=$dir/rustc $dir/cargo" && return
    done
    return 1
}

certificates() {
    cat /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem 2>/dev/null | grep -q .
}

# Does apt have all these packages, new enough?
offers() {
    for package; do
        candidate=$(LC_ALL=C apt-cache policy "$package" | sed -n 's/^  Candidate: //p')
        is_new "$candidate" || return 1
    done
}

# The same choice as `doctor` makes for rust-src: a test compares the two.
choose_rust() {
    for set in \
        "rustc-web rust-web-src cargo-web" \
        "rustc rust-src cargo" \
        "rustc-1.85 rust-1.85-src cargo-1.85"; do
        offers $set && packages="$packages $set" && return
    done
    return 1
}

as_root() {
    [ "$(id -u)" = 0 ] || set -- sudo "$@"
    echo "+ $*" >&2
    "$@" >&2
}

usable() { certificates && find_cargo true; }

# Nothing can be installed: uses an existing cargo, if there is one; `ferrule setup` names what is missing.
fall_back() {
    usable && exit
    die "$*"
}

# Prefer the Rust that modules will be built with: then nothing is built twice.
certificates && find_cargo has_source && exit
wish=true
[ "$goal" = setup ] && [ -z "${RUSTC:-}" ] && command -v apt-get >/dev/null && wish=has_source
[ $wish = true ] && usable && exit
command -v apt-get >/dev/null || die "no Rust of $minimum or newer, or no TLS certificates: install rustc," \
    "cargo and ca-certificates, by the distribution's packages or by rustup"

certificates || packages=ca-certificates
again="fix what apt-get says above, then run this again"
# Outdated package lists may offer an old Rust only.
as_root apt-get -q update || fall_back "apt-get update failed; $again"
find_cargo $wish >/dev/null || choose_rust || find_cargo true >/dev/null ||
    die "apt has no rustc of $minimum or newer: enable the release's security updates, or use rustup's"
[ -z "$packages" ] ||
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install --no-install-recommends --no-remove -y $packages ||
    fall_back "apt-get install failed; $again"
find_cargo has_source || find_cargo true ||
    die "still no Rust of $minimum or newer: see \`cargo -V\` and \`rustc -V\`; an old one first in PATH?"
