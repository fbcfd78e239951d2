# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# rust_uart16550 with two ports that are connected to each other. $BYTES go each way.

D=/sys/bus/pci/drivers/rust_uart16550

# Parts, in their order:

names_and_numbers() {
    insmod /rust_uart16550.ko &&
        grep -q '^rust_uart16550 */dev/ttyRU .*serial' /proc/tty/drivers &&
        grep -q '^1: uart:16550A .*tx:0 rx:0' /proc/tty/driver/rust_uart16550 &&
        test "$(cat /sys/class/tty/ttyRU1/uartclk)" = 1843200 &&
        test "$(cat /sys/class/tty/ttyRU1/irq)" -gt 0
}

a_module_with_an_open_port_stays() {
    exec 3</dev/ttyRU0
    ! rmmod rust_uart16550 &&
        grep -q '^rust_uart16550 [0-9]* [1-9]' /proc/modules &&
        stty -F /dev/ttyRU0 >/dev/null
}

a_blocked_reader_sees_the_end_when_its_port_goes() {
    exec 3</dev/ttyRU0
    cat <&3 >/dev/null &
    exec 3<&-
    sleeping $! && echo 0000:00:08.0 >$D/unbind && wait $! || return
    test ! -e /dev/ttyRU0 && echo 0000:00:08.0 >$D/bind && test -c /dev/ttyRU0
}

ports_go_and_come_while_they_are_open() {
    i=0
    while [ $i -lt 20 ]; do
        (
            exec 3<>/dev/ttyRU1
            echo lost >&3
            echo 0000:00:09.0 >$D/unbind
            echo late >&3
        ) 2>/dev/null
        test ! -e /dev/ttyRU1 || return 1
        echo 0000:00:09.0 >$D/bind || return 2
        i=$((i + 1))
    done
}

a_port_that_came_back_works() {
    stty -F /dev/ttyRU0 raw -echo
    stty -F /dev/ttyRU1 raw -echo
    exec 3</dev/ttyRU0
    # Data that was sent while the port was closed still arrives, before this.
    echo mark >/dev/ttyRU1
    timeout 100 grep -q mark <&3 || return
    head -c 6 <&3 >/tmp/got &
    echo hello >/dev/ttyRU1
    wait $!
    test "$(cat /tmp/got)" = hello
}

answers() { /tty /dev/ttyRU0 /dev/ttyRU1 "$BYTES"; }

trigger() { triggers ttyRU0; }

a_slow_port_interrupts_for_each_character() {
    F=/sys/class/tty/ttyRU0/rx_trig_bytes
    echo 14 >$F
    exec 3</dev/ttyRU0
    stty -F /dev/ttyRU0 1200 && test "$(cat $F)" = 1 &&
        stty -F /dev/ttyRU0 115200 && test "$(cat $F)" = 14 || return
    exec 3<&-
    echo 8 >$F
}

files_in_sysfs_go_with_their_port() {
    F=/sys/class/tty/ttyRU1/rx_trig_bytes
    while true; do
        cat $F
        echo 4 >$F
    done >/dev/null 2>&1 &
    i=0
    while [ $i -lt 20 ]; do
        echo 0000:00:09.0 >$D/unbind || break
        test ! -e $F || break
        echo 0000:00:09.0 >$D/bind || break
        test -e $F || break
        i=$((i + 1))
    done
    kill $!
    test $i = 20
}

unloads_and_loads_again() {
    i=0
    while [ $i -lt 5 ]; do
        unload rust_uart16550 &&
            test ! -e /dev/ttyRU0 &&
            ! grep rust_uart16550 /proc/tty/drivers /proc/ioports /proc/interrupts &&
            insmod /rust_uart16550.ko &&
            test -c /dev/ttyRU1 || return 1
        i=$((i + 1))
    done
    rmmod rust_uart16550
}
