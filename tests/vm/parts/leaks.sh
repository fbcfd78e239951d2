# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# The end of a script for a kernel with kmemleak.

# Parts, in their order:

# Two scans, as kmemleak does not report what is younger than five seconds.
leaks() {
    K=/sys/kernel/debug/kmemleak
    echo scan >$K
    sleep 6
    echo scan >$K
    cat $K >/tmp/leaks
    while read -r line; do
        echo "$line" >/dev/kmsg
    done </tmp/leaks
    test ! -s /tmp/leaks
}
