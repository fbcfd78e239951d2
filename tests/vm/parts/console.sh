# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# rust_uart16550's first port as a console, and test_serial's, which has no hardware. The console shows everything while
# a part runs, and nothing between the marks.

# shellcheck disable=SC2034 # part_of has it
LEVEL=8
D=/sys/bus/pci/drivers/rust_uart16550

say() {
    echo "<6>$1" >/dev/kmsg
    sleep 2
}

# Parts, in their order:

becomes_the_console_that_was_asked_for() {
    ! grep ttyRU0 /proc/consoles &&
        insmod /rust_uart16550.ko &&
        grep -q '^ttyRU0 .*E' /proc/consoles &&
        test "$(cat /sys/class/tty/ttyRU0/console)" = Y &&
        test "$(cat /sys/class/tty/ttyRU1/console)" = N &&
        stty -F /dev/ttyRU0 | grep -q 'speed 115200' &&
        say 'the first record'
}

sysfs_takes_it_away_and_gives_it_back() {
    C=/sys/class/tty/ttyRU0/console
    exec 3<>/dev/ttyRU0
    echo N >$C &&
        ! grep ttyRU0 /proc/consoles &&
        test "$(cat $C)" = N &&
        echo Y >$C &&
        grep -q '^ttyRU0 .*E' /proc/consoles &&
        say 'it is back' || return
    ! echo Y >/sys/class/tty/ttyRU1/console
}

is_a_tty_too() { echo 'a line of the tty' >/dev/ttyRU0 && say 'and a record'; }

a_break_and_a_key_are_a_sysrq() {
    exec 3<>/dev/ttyRU0
    say 'a break, please'
    wait_for "dmesg | grep 'sysrq: HELP'" && grep -q '^0: .*brk:1' /proc/tty/driver/rust_uart16550
}

goes_while_it_is_written_to() {
    (while :; do echo '<6>a flood' >/dev/kmsg; done) &
    i=0
    while [ $i -lt 5 ]; do
        (
            exec 3<>/dev/ttyRU0
            echo 0000:00:08.0 >$D/unbind
            ! grep ttyRU0 /proc/consoles
        ) || exit 1
        echo 0000:00:08.0 >$D/bind
        grep -q ttyRU0 /proc/consoles || exit 2
        i=$((i + 1))
    done
    rmmod rust_uart16550 && ! grep ttyRU /proc/consoles /proc/tty/drivers
    s=$?
    kill $! && dmesg -c >/dev/null
    insmod /rust_uart16550.ko && test $s = 0
}

sleeps_and_goes_on() {
    stty -F /dev/ttyRU1 raw -echo 57600
    exec 3<>/dev/ttyRU0 4<>/dev/ttyRU1
    echo devices >/sys/power/pm_test &&
        echo freeze >/sys/power/state &&
        echo none >/sys/power/pm_test &&
        stty -F /dev/ttyRU1 | grep -q 57600 &&
        printf hello >&4 &&
        test "$(head -c 6 <&4)" = world &&
        say 'after the sleep'
}

wakes_the_system() {
    exec 4<>/dev/ttyRU1
    echo enabled >/sys/class/tty/ttyRU1/power/wakeup
    head -c 5 <&4 >/tmp/got &
    n=0
    printf sleep >&4
    # A byte that arrives while the system suspends makes C abort, and another interrupt may wake up the system: the other
    # end sends the byte again until it has received the answer.
    until echo freeze >/sys/power/state &&
        test "$(cat /sys/power/pm_wakeup_irq)" = "$(cat /sys/class/tty/ttyRU1/irq)"; do
        echo "not by it: $(cat /sys/power/pm_wakeup_irq)"
        n=$((n + 1))
        test $n -lt 5 || exit 1
    done
    printf awake >&4 && wait $! && test "$(cat /tmp/got)" = wake && say 'after the wake'
}

comes_back_after_it_was_closed() {
    # C never shuts down a console that nobody has open, and keeps the state of its line.
    echo 'before it goes' >/dev/ttyRU0
    echo 0000:00:08.0 >$D/unbind
    echo 0000:00:08.0 >$D/bind
    timeout 100 sh -c 'echo it goes on >/dev/ttyRU0' &&
        stty -F /dev/ttyRU0 >/dev/null &&
        grep '^0: .* tx:12 ' /proc/tty/driver/rust_uart16550
}

prints_under_the_lock() {
    insmod /test_serial.ko &&
        grep -q '^ttyTS0 .*E' /proc/consoles &&
        /stub console &&
        rmmod test_serial &&
        ! grep ttyTS /proc/consoles
}

does_rs485_and_flow_control() { insmod /test_serial.ko prints=0 && /stub && rmmod test_serial; }

startup_and_shutdown_take_turns() {
    P=/sys/kernel/debug/test_serial/power
    # Somebody opens a port that sleeps, and it is woken up too often.
    insmod /test_serial.ko prints=0 &&
        echo resume >$P &&
        exec 3<>/dev/ttyTS1 &&
        echo suspend >$P &&
        exec 4<>/dev/ttyTS1 &&
        echo resume >$P &&
        echo resume >$P &&
        exec 3>&- 4>&- &&
        echo suspend >$P &&
        echo suspend >$P &&
        echo resume >$P &&
        exec 3<>/dev/ttyTS1 &&
        grep -q ' test_serial$' /proc/interrupts &&
        test "$(grep -c test_serial /proc/interrupts)" = 1 &&
        ! grep 'test_serial, test_serial' /proc/interrupts &&
        exec 3>&- &&
        unload test_serial &&
        ! grep test_serial /proc/interrupts
    s=$?
    # shellcheck disable=SC2046 # words
    set -- $(dmesg | grep -oE '(startup|shutdown)$')
    echo "$@"
    while [ $# -gt 0 ]; do
        test "$1" = startup && test "$2" = shutdown && shift 2 || exit 9
    done
    return $s
}
