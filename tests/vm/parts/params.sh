# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# Parameters of modules: `/replay MODULE CASES` goes through the cases of a file.

file=/sys/module/reentry/parameters/same

# A C and a Rust module must give the same output for each case.
twins() {
    /replay "/c/$1.ko" "/$1.cases" >/c.out && /replay "/rust/$1.ko" "/$1.cases" >/rust.out || return
    if ! cmp -s /c.out /rust.out; then
        diff /c.out /rust.out | head -n 60
        return 1
    fi
}

writes() {
    while test ! -e /tmp/enough; do
        echo "$2" >$file || echo refused
        echo "$1,$2" >$file && echo taken
    done 2>/dev/null
}

reads() {
    low=0 high=0
    while test $low -lt 200 || test $high -lt 200; do
        read -r line <$file
        case $line in
        1,1,1,1,1,1,1,1) low=$((low + 1)) ;;
        "$all") high=$((high + 1)) ;;
        *)
            echo "torn: $line"
            break
            ;;
        esac
    done
    echo both were read
}

# Parts, in their order:

params() { twins params; }

params_cb() { twins params_cb; }

reentry() { /replay /rust/reentry.ko /reentry.cases; }

# Two threads write what two others read: each reads one of the values as it was written, never a mixture.
race() {
    insmod /rust/reentry.ko same=1,1,1,1,1,1,1,1
    for n in 1 18446744073709551615; do
        all=$n,$n,$n,$n,$n,$n,$n,$n
        writes $n $all &
    done
    reads &
    reads
    wait $!
    touch /tmp/enough
    wait
    rmmod reentry
}
