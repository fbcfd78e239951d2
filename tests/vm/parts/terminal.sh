# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# Users of a port of rust_uart16550. Commands that are written to the second port go to QEMU's monitor, which unplugs or
# plugs the card of the first. If the kernel has no ACPI interrupt for that ($TOLD), sysfs is used instead. /data has
# $BYTES.

P=/sys/bus/pci/devices/0000:00:08.0

out() { if $TOLD; then echo 1 >$P/remove; else echo "out $1" >/dev/ttyRU1; fi; }

back() {
    if $TOLD; then
        echo 1 >/sys/bus/pci/rescan
        return
    fi
    echo "in $1" >/dev/ttyRU1
    wait_for 'test -c /dev/ttyRU0' || return 1
    echo "back $1" >/dev/ttyRU1
}

gone() { wait_for 'test ! -e /dev/ttyRU0'; }

# Reads what the other end sends, and compares it with the data.
take() {
    i=0
    : >/tmp/got
    while [ $i -lt $((BYTES / 4096)) ]; do
        # A write by the shell itself would end with EINTR when a background process ends (SIGCHLD).
        if ! dd bs=4096 count=1 iflag=fullblock <&3 2>/dev/null >>/tmp/got || ! (printf '\006') >&3; then
            echo "no piece $i"
            return 1
        fi
        i=$((i + 1))
    done
    cmp /tmp/got /data
}

# How many characters a port has sent (tx) or received (rx).
count() { sed -n "s/^$1: .* $2:\([0-9]*\).*/\1/p" /proc/tty/driver/rust_uart16550; }
more() { wait_for "test \"\$(count $1 $2)\" -gt $(count "$1" "$2")"; }

# Parts, in their order:

somebody_logs_in() {
    insmod /rust_uart16550.ko && stty -F /dev/ttyRU1 raw -echo && mkdir -p /etc || return
    # shellcheck disable=SC2016 # the password's hash
    echo 'root:$1$fe$Vd6KDxDMxTIeiMgZ1qa5U1:0:0:root:/:/bin/sh' >/etc/passwd &&
        timeout 600 getty -L 115200 ttyRU0 vt100 &&
        grep -q '^root /dev/ttyRU0$' /tmp/who
}

a_card_has_four_ports() {
    for i in 3 4 5 6; do
        grep -q "^$i: uart:16550A " /proc/tty/driver/rust_uart16550 &&
            stty -F /dev/ttyRU$i raw &&
            head -c 1000 /dev/zero >/dev/ttyRU$i &&
            grep -q "^$i: .* tx:1000 " /proc/tty/driver/rust_uart16550 || return 1
    done
}

# It comes once in a boot for each port, as with C's driver. The second one is refused a port of its own, and has more
# to send when it goes than the port's buffer holds.
a_client_of_serdev_goes_while_it_receives() {
    D=/sys/bus/serial/drivers/rust_driver_serdev
    insmod /rust_driver_serdev.ko && test ! -e /dev/ttyRU7 && stty -F /dev/ttyRU9 raw -echo || return 1
    (while echo flood; do usleep 5000; done >/dev/ttyRU9) &
    i=0
    while [ $i -lt 20 ]; do
        more 7 rx && echo serial0-0 >$D/unbind && echo serial0-0 >$D/bind || return 2
        i=$((i + 1))
    done
    more 7 rx &&
        timeout 100 head -c 600 /dev/ttyRU9 | grep -q flood &&
        rmmod rust_driver_serdev &&
        insmod /test_serial.ko || return 3
    wait_for "dmesg | grep -q 'port: Err(EDEADLK)'" || return 4
    read -r before _ </proc/uptime
    echo 0000:00:0c.0 >/sys/bus/pci/drivers/rust_uart16550/unbind
    read -r after _ </proc/uptime
    echo "from $before to $after"
    # `closing_wait` is 30 seconds.
    test $((${after%.*} - ${before%.*})) -lt 20 &&
        kill $! &&
        dmesg | grep 'client has sent: Ok(10000)' &&
        test ! -e /sys/bus/serial/devices/serial0-0 &&
        rmmod test_serial &&
        test "$(dmesg | grep -c 'says back what it hears at 115200 baud')" = 21 &&
        test "$(dmesg | grep -c goodbye)" = 21
}

a_port_of_serdev_that_did_not_sleep_is_resumed() {
    insmod /test_uart_buses.ko &&
        grep -q '^ttyUB0 ' /proc/consoles &&
        dmesg | grep 'tty port ttyUB[0-9] registered' &&
        dmesg | grep 'test_uart_buses 0000:00:10.0: is ttyUB' &&
        rmmod test_uart_buses
}

a_megabyte_goes_to_who_takes_his_time() {
    stty -F /dev/ttyRU2 raw -echo && exec 3<>/dev/ttyRU2 && cat /data >&3
}

a_megabyte_comes() {
    # Data that arrives before the port is open would be lost.
    exec 3<>/dev/ttyRU2
    (printf '\006') >&3 && take
}

a_megabyte_goes_while_one_comes() {
    exec 3<>/dev/ttyRU2
    cat /data >&3 &
    take && wait $! && exec 3>&-
    s=$?
    # Each end has sent all data twice, and the guest a character for each piece, and one before the first.
    sent=$((2 * BYTES + 2 * BYTES / 4096 + 1))
    grep "^2: .* tx:$sent rx:$((2 * BYTES)) " /proc/tty/driver/rust_uart16550 && test $s = 0
}

a_reader_sees_the_end_when_the_card_is_pulled_out() {
    stty -F /dev/ttyRU0 raw -echo
    exec 3</dev/ttyRU0
    cat <&3 >/dev/null &
    exec 3<&-
    sleeping $! || return
    out 1
    wait $! && gone && ! grep '^0:' /proc/tty/driver/rust_uart16550
}

it_works_when_it_is_put_back() { back 1 && stty -F /dev/ttyRU0 raw -echo && echo 'it is back' >/dev/ttyRU0; }

who_writes_gets_an_error() {
    (while echo flood; do :; done >/dev/ttyRU0) &
    exec 3<>/dev/ttyRU0
    more 0 tx || return
    out 2
    gone && wait $! && ! echo late >&3
}

# Only the debug kernel has the debugger.
the_debugger_polls_it() {
    K=/sys/module/kgdboc/parameters/kgdboc
    exec 3<>/dev/ttyRU2
    echo ttyRU2 >$K &&
        echo 'debug me' >&3 &&
        sleep 1 &&
        echo g >/proc/sysrq-trigger &&
        echo >$K &&
        test -z "$(cat $K)"
}

the_module_goes_after_the_card() {
    back 2 && out 3
    gone &&
        unload rust_uart16550 &&
        ! grep -r rust_uart16550 /proc/interrupts /proc/ioports /proc/tty/drivers
}
