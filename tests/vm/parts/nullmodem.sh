# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# rust_nullmodem. $BYTES go each way.

# Sets $took to the milliseconds that 1920 characters take.
took() {
    head -c 1920 /dev/ttyNM1 >/tmp/got &
    sleeping $! || return
    read -r before _ </proc/uptime
    head -c 1920 /dev/zero >/dev/ttyNM0
    wait $!
    read -r after _ </proc/uptime
    took=$(echo "$before $after" | awk '{ print int(($2 - $1) * 1000) }')
    echo "$took ms"
}

# Parts, in their order:

pairs_out_of_range_are_refused() {
    for n in 0 17 -1 x; do
        ! insmod /rust_nullmodem.ko pairs=$n || return 1
    done
    insmod /rust_nullmodem.ko pairs=16 &&
        test -c /dev/ttyNM31 &&
        rmmod rust_nullmodem &&
        insmod /rust_nullmodem.ko
}

answers() { /tty /dev/ttyNM0 /dev/ttyNM1 "$BYTES"; }

lines_and_errors() { /cable /dev/ttyNM0 /dev/ttyNM1 /sys/kernel/debug/rust_nullmodem; }

other_settings_give_other_characters() { /formats /dev/ttyNM0 /dev/ttyNM1; }

a_forgiving_cable_gives_all_as_it_was_sent() {
    echo 1 >/sys/module/rust_nullmodem/parameters/forgiving
    /formats /dev/ttyNM0 /dev/ttyNM1 forgiving
    status=$?
    echo 0 >/sys/module/rust_nullmodem/parameters/forgiving
    return $status
}

a_carrier_is_a_pulse() {
    # pps_ldisc and what it needs, in the order in which they are loaded.
    for m in /pps/*.ko; do
        insmod "$m" || return 1
    done
    /cable /dev/ttyNM0 /dev/ttyNM1 pps && rmmod pps_ldisc
}

# The port has no interrupt.
a_port_cannot_wake_the_system() {
    test -d /sys/class/tty/ttyNM0/power &&
        test ! -e /sys/class/tty/ttyNM0/power/wakeup &&
        test -e /sys/class/tty/ttyS0/power/wakeup
}

errors_to_come_are_numbers() {
    D=/sys/kernel/debug/rust_nullmodem/ttyNM0
    test "$(cat $D/parity)" = 0 &&
        echo 0x10 >$D/parity &&
        test "$(cat $D/parity)" = 16 &&
        ! echo lots >$D/parity &&
        ! echo -1 >$D/parity &&
        test "$(cat $D/parity)" = 16 &&
        echo 0 >$D/parity
}

# 1920 characters at 9600 baud take two seconds; without the limit the time depends on the host only.
the_baud_rate_is_a_limit_if_asked() {
    P=/sys/module/rust_nullmodem/parameters/rate_limit
    for p in 0 1; do
        stty -F /dev/ttyNM$p raw -echo 9600
    done
    i=0
    until took && test "$took" -lt 1500; do
        i=$((i + 1))
        test $i -lt 20 || return 1
    done
    echo 1 >$P
    took
    echo 0 >$P
    test "$took" -ge 1900 && test "$(wc -c </tmp/got)" = 1920
}

a_module_with_an_open_port_stays() {
    exec 3</dev/ttyNM0
    ! rmmod rust_nullmodem && grep -q '^rust_nullmodem [0-9]* [1-9]' /proc/modules
}

unloads_while_characters_are_under_way() {
    i=0
    while [ $i -lt 20 ]; do
        cat /dev/zero >/dev/ttyNM0 &
        a=$!
        cat /dev/ttyNM1 >/dev/null &
        b=$!
        cat /dev/zero >/dev/ttyNM1 &
        c=$!
        usleep 100000
        kill $a $b $c
        wait
        unload rust_nullmodem &&
            test ! -e /dev/ttyNM0 &&
            test ! -e /sys/kernel/debug/rust_nullmodem &&
            insmod /rust_nullmodem.ko rate_limit=$((i % 2)) || return 1
        i=$((i + 1))
    done
}

a_hung_up_port_can_be_used_again() {
    echo 0 >/sys/module/rust_nullmodem/parameters/rate_limit
    for p in 0 1; do
        stty -F /dev/ttyNM$p raw -echo
    done
    exec 3</dev/ttyNM1
    head -c 6 <&3 >/tmp/got &
    echo hello >/dev/ttyNM0
    wait $!
    exec 3<&-
    test "$(cat /tmp/got)" = hello && unload rust_nullmodem && ! grep rust_nullmodem /proc/tty/drivers
}
