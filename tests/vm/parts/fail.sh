# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# rust_uart16550 while allocations fail. The parts before are made from a table: one for each system call.

cd /sys/kernel/debug || exit 1
for kind in failslab fail_page_alloc; do
    echo N >$kind/ignore-gfp-wait || exit 1
done
echo 0 >fail_page_alloc/min-order
for kind in failslab fail_page_alloc fail_usercopy; do
    echo 0 >$kind/verbose || exit 1
done
insmod /rust_uart16550.ko

# Parts, in their order:

unloads() { rmmod rust_uart16550; }
