# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# Modules that are loaded and unloaded $CYCLES times, or unbound and bound $REBINDS times. The parts before are made for
# the samples, by the commands in their headers, and for the test modules.

cd /modules || exit 1

# Parts, in their order:

rust_out_of_tree() { insmod rust_out_of_tree.ko && rmmod rust_out_of_tree; }

cycles() {
    i=0
    while [ $i -lt "$CYCLES" ]; do
        insmod rust_minimal.ko && rmmod rust_minimal || return
        i=$((i + 1))
    done
}

rebinds() {
    D=/sys/bus/pci/drivers/rust_driver_pci
    insmod rust_driver_pci.ko
    i=0
    while [ $i -lt "$REBINDS" ]; do
        echo 0000:00:08.0 >$D/unbind && echo 0000:00:08.0 >$D/bind || return
        i=$((i + 1))
    done
    rmmod rust_driver_pci
}

unplug() {
    insmod rust_driver_pci.ko &&
        echo 1 >/sys/bus/pci/devices/0000:00:08.0/remove &&
        echo 1 >/sys/bus/pci/rescan &&
        rmmod rust_driver_pci
}
