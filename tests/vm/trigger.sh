# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# rx_trig_bytes of a port, with any driver: `triggers ttyXY0` says what each value that is written to it does.

triggers() {
    F=/sys/class/tty/$1/rx_trig_bytes
    stat -c %a "$F"
    for value in default 1 3 4 7 8 13 14 15 255 0 +9 08 ' 8' '8 8' 256 99999999999 -1 0x8 x ''; do
        [ "$value" = default ] || echo "$value" >"$F"
        echo "[$value]: $? $(cat "$F")"
    done
    # Without a line feed, and while the port is open.
    exec 3</dev/"$1"
    printf 4 >"$F"
    echo "printed: $? $(cat "$F")"
    exec 3<&-
    echo "closed: $(cat "$F")"
    echo 8 >"$F"
}
