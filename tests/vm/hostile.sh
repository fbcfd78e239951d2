# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# test_hostile. Its parts are made from tests/hostile/seeds.txt: `hostile PARAMETERS` for each line.

PARAMETERS=/sys/module/test_hostile/parameters

# Reads and writes what the module shows, until the process ends that loads it. There may be nothing to read, or it may
# be removed meanwhile.
meddle() {
    while kill -0 "$1"; do
        for letter in a b c; do
            printf %s "$letter$letter$letter" >$PARAMETERS/text
            printf %s "$letter$letter" >$PARAMETERS/short
            echo 77 >$PARAMETERS/number
            echo Y >$PARAMETERS/flag
        done
        echo 1,1,1,1,1,1,1,1 >$PARAMETERS/list
        echo 2,2 >$PARAMETERS/list
        cat $PARAMETERS/*
        find /sys/kernel/debug/hostile-* -type f | while read -r file; do
            cat "$file"
            echo 5 >"$file"
        done
        cat /sys/bus/faux/devices/hostile-*/uevent /sys/bus/platform/devices/hostile-*/uevent
        usleep 10000
    done
}

hostile() {
    insmod /test_hostile.ko "$@" &
    loading=$!
    meddle $loading >/dev/null 2>&1
    wait $loading || return 1
    rmmod test_hostile
}

# Parts, in their order:
