# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# The beginning of every guest's script, for busybox's shell. `part NAME` runs the function NAME in a subshell with an
# empty kernel log, and then prints its output and the kernel's log between marks. `part_of NAME COMMANDS` does the same
# with commands. Meanwhile the console shows emergencies only, or messages up to $LEVEL, so that no message breaks a
# line.

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

# Ends the script with the status of its last command, and says how many bugs KFENCE has seen, if the kernel has it: the
# report of one may have come between two parts.
end() {
    status=$?
    sed -n 's/^total bugs:/@@ kfence &/p' /sys/kernel/debug/kfence/stats 2>/dev/null
    return $status
}

# Repeats a command until it succeeds. The limit is long, as hosts may be slow: it is for commands that never succeed.
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

# Waits until a process sleeps, such as one that is blocked in a read from a port.
sleeping() { wait_for "grep -q '^State:.S' /proc/$1/status"; }

# After its last close a tty releases its module in a work item, also with C's drivers.
unload() { wait_for "rmmod $1 2>/tmp/refused"; }
