# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# rust_uart16550 with a port on the ISA bus, which is bound to the kernel's own driver at first. $IS_DEBUG says whether this is
# the debug kernel: that has no /dev/port.

refused() {
    # shellcheck disable=SC2086 # $1 may be several parameters
    ! insmod /rust_uart16550.ko $1 || exit 1
    dmesg -c | grep -q "$2" || exit 2
}

register() { dd if=/dev/port bs=1 skip=$((0x2f8 + $1)) count=1 2>/dev/null | hexdump -e '1/1 "%x"'; }
forget() { head -c 1 /dev/zero | dd of=/dev/port bs=1 seek=$((0x2f8 + $1)) 2>/dev/null; }
sent() { sed -n 's/^0:.* tx:\([0-9]*\) .*/\1/p' /proc/tty/driver/rust_uart16550; }

# Checks that registers which the UART at 0x2f8 loses during suspend (LCR and MCR here) are restored, and that it sends.
sleeps() {
    stty -F /dev/ttyRU0 raw -echo && exec 3<>/dev/ttyRU0 && before=$(sent) || return 1
    $IS_DEBUG || { forget 3; forget 4; test "$(register 3) $(register 4)" = "0 0"; } || return 2
    echo devices >/sys/power/pm_test && echo freeze >/sys/power/state && echo none >/sys/power/pm_test || return 4
    $IS_DEBUG || test "$(register 3) $(register 4)" = "3 b" || return 3
    head -c 1000 /dev/zero >&3 && wait_for "test \$(sent) = $((before + 1000))" && exec 3>&-
}

# Parts, in their order:

bad_parameters_are_refused() {
    refused io=0x2f8 "io= names 1 ports, irq= 0"
    refused "io=0x2f8 irq=3" "another driver has the port"
    refused "io=0x2e8 irq=16" "no such I/O port or interrupt"
    refused "io=0x2e8 irq=5" "no UART is there"
    refused "io=0x2e8 irq=5 baud_base=4294967295" "baud_base=4294967295: not 1 to"
    refused io=1,2,3,4,5 "can only take 4"
    ! grep rust_uart16550 /proc/tty/drivers /proc/ioports
}

pnp_finds_its_port() {
    for d in /sys/bus/pnp/drivers/serial/*:*; do
        grep -q 0x2f8 "$d/resources" && echo "${d##*/}" >/tmp/id
    done
    cat /tmp/id >/sys/bus/pnp/drivers/serial/unbind &&
        insmod /rust_uart16550.ko &&
        grep -q '^0: uart:16550A .*[02xX]2[fF]8 irq:3 ' /proc/tty/driver/rust_uart16550
}

a_port_of_pnp_sleeps_and_goes_on() { sleeps && unload rust_uart16550; }

a_driver_has_three_buses() {
    insmod /test_uart_buses.ko || return
    for b in pci platform pnp; do
        test -d /sys/bus/$b/drivers/test_uart_buses || return 1
    done
    echo hello >/dev/ttyUB0 &&
        unload test_uart_buses &&
        test ! -e /dev/ttyUB0 &&
        ! grep test_uart_buses /proc/tty/drivers
}

parameters_name_a_port() {
    insmod /rust_uart16550.ko io=0x2f8 irq=3 baud_base=57600 &&
        test "$(cat /sys/class/tty/ttyRU0/uartclk)" = 921600 &&
        stty -F /dev/ttyRU0 raw -echo &&
        exec 3<>/dev/ttyRU0 &&
        head -c 1000 /dev/zero >&3 &&
        wait_for "grep -q ' tx:1000 ' /proc/tty/driver/rust_uart16550" &&
        exec 3>&-
}

a_port_of_parameters_sleeps_and_goes_on() { sleeps; }

a_device_of_another_is_left_alone() {
    cd /sys/bus/platform || return
    for d in devices/*; do
        test -e "$d/driver" || break
    done
    echo "$d"
    test ! -e "$d/driver" &&
        echo rust_uart16550 >"$d/driver_override" &&
        ! echo "${d#*/}" >drivers/rust_uart16550/bind &&
        echo >"$d/driver_override" &&
        ! dmesg | grep another &&
        echo hello >/dev/ttyRU0
}

a_port_of_parameters_is_unbound_while_open() {
    exec 3</dev/ttyRU0
    cat <&3 &
    exec 3<&-
    sleeping $! &&
        cd /sys/bus/platform/drivers/rust_uart16550 &&
        echo rust_uart16550 >unbind &&
        wait $! &&
        test ! -e /dev/ttyRU0 &&
        ! grep rust_uart16550 /proc/ioports &&
        echo rust_uart16550 >bind &&
        echo hello >/dev/ttyRU0 &&
        unload rust_uart16550 &&
        test ! -e /sys/devices/platform/rust_uart16550
}

parameters_name_a_port_where_no_driver_is_looked_for() {
    echo 0 >/sys/bus/platform/drivers_autoprobe &&
        insmod /rust_uart16550.ko io=0x2f8 irq=3 &&
        echo hello >/dev/ttyRU0 &&
        unload rust_uart16550 &&
        ! insmod /rust_uart16550.ko io=0x2e8 irq=5 &&
        dmesg | grep 'no UART is there'
    s=$?
    echo 1 >/sys/bus/platform/drivers_autoprobe
    ! grep rust_uart16550 /proc/tty/drivers /proc/ioports && test $s = 0
}
