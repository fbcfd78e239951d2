#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest's first process: makes a usable system, runs /ferrule/script, reports its status and
# powers off. /ferrule/env sets `mark`, a word that nothing else in the log contains, and perhaps `interactive`.
# shellcheck shell=dash

/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root TERM="${TERM:-linux}"

mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mkdir -p /dev/pts
# These depend on the kernel's configuration: a script that needs one fails by itself.
mount -t devpts devpts /dev/pts 2>/dev/null
mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
mount -t configfs configfs /sys/kernel/config 2>/dev/null

mark='' interactive=''
# shellcheck source=/dev/null
. /ferrule/env
exec </dev/null >/dev/console 2>&1

dmesg -n 8
if [ -n "$interactive" ]; then
    setsid cttyhack sh -l
    poweroff -f
fi

# The kernel ends its lines with CR LF: so the host can tell them from the script's.
stty -F /dev/console -onlcr -echo
echo "$mark start"
sh /ferrule/script
status=$?

# Nothing but an emergency may come between the characters of this line, and it must have left the
# port before the power goes: stty waits until all output is sent before it changes anything.
dmesg -n 1
echo "$mark status $status"
stty -F /dev/console onlcr
dmesg -n 8
# A kernel without ACPI cannot cut the power, but QEMU ends at a reset as well.
[ -d /sys/firmware/acpi ] || reboot -f
poweroff -f
