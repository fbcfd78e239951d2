# shellcheck shell=dash disable=SC2154 # busybox's shell reads it; some variables are set by the script
# SPDX-License-Identifier: GPL-2.0-only
#
# What every guest's script begins with. `part NAME COMMANDS` runs commands with an empty log, and then shows between
# marks what they said and what the kernel logged. Meanwhile the console shows emergencies only, or what $LEVEL says:
# nothing comes between the lines.

dmesg -n 1

before() { :; }

part() {
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

# A tty gives its module back in a work item after its last close, C's too.
unload() { wait_for "rmmod $1 2>/tmp/refused"; }
