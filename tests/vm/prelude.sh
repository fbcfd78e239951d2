# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# What every guest's script begins with; busybox's shell reads it. `part NAME` runs the function of that name in a
# subshell, with an empty log, and then shows between marks what it said and what the kernel logged. `part_of NAME
# COMMANDS` does the same with commands. Meanwhile the console shows emergencies only, or what $LEVEL says: nothing
# comes between the lines.

dmesg -n 1

before() { :; }

part() { part_of "$1" "$1"; }

part_of() {
    dmesg -c >/dev/null
    before
    [ -z "$LEVEL" ] || dmesg -n "$LEVEL"
    ( eval "$2" ) >/tmp/said 2>&1
    status=$?
    dmesg -n 1
    echo "@@ begin $1"
    cat /tmp/said
    echo '@@ log'
    dmesg
    echo "@@ end $1 $status"
}

# Tries a command until it succeeds. How long that takes is the host's affair: the limit is for what never comes.
wait_for() {
    t=0
    until eval "$1"; do
        usleep 50000
        t=$((t + 1))
        if [ $t -ge 2400 ]; then
            echo "never: $1"
            return 1
        fi
    done
}

# Waits until a process sleeps: one that reads from a port is then blocked there.
sleeping() { wait_for "grep -q '^State:.S' /proc/$1/status"; }

# A tty gives its module back in a work item after its last close, C's too.
unload() { wait_for "rmmod $1 2>/tmp/refused"; }
