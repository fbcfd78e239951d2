# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# Modules on top of others. modprobe is kmod's, whose program is `$kmod`; insmod and rmmod are busybox's, as kmod's
# rmmod would not ask the kernel about a module in use.

cd /modules || exit 1
mkdir -p /kmod && ln -s "${kmod:?}" /kmod/modprobe

# The kernel's error when a module in use is to be unloaded.
busy() { rmmod "$1" 2>&1 | grep -q 'Resource temporarily unavailable' && grep -q "^$1 " /proc/modules; }

# Parts, in their order:

modprobe() {
    /kmod/modprobe rust_import && grep -q '^rust_export .* 1 rust_import, Live' /proc/modules
    busy rust_export || exit 3
    /kmod/modprobe -r rust_import || exit 4
    ! grep rust_ /proc/modules
}

c_on_rust() {
    insmod rust_export.ko &&
        insmod c_import.ko &&
        busy rust_export &&
        rmmod c_import &&
        rmmod rust_export
}

all_kinds() {
    insmod stack_lower.ko &&
        insmod stack_upper.ko &&
        busy stack_lower &&
        rmmod stack_upper &&
        rmmod stack_lower
}

without_the_lower_one() { ! insmod rust_import.ko; }

another_trait() {
    insmod rust_export.ko || exit 3
    ! insmod trait.ko || exit 4
    rmmod rust_export
}

# A C module can only be refused by MODVERSIONS.
another_layout() {
    insmod rust_export.ko || exit 3
    insmod layout.ko
    echo "c_import: $?" >/dev/kmsg
    rmmod c_import
    rmmod rust_export
}

another_layout_of_a_c_function_in_rust() {
    insmod rust_export.ko || exit 3
    ! insmod layout_c_only.ko || exit 4
    insmod stack_c_only.ko || exit 5
    rmmod stack_c_only
    rmmod rust_export
}

another_signature() {
    insmod rust_export.ko || exit 3
    ! insmod signature.ko || exit 4
    insmod signature_c.ko
    echo "c_import: $?" >/dev/kmsg
    rmmod c_import
    rmmod rust_export
}

a_proprietary_module_calls_what_is_not_gpl_only() {
    insmod rust_export.ko &&
        insmod not_gpl.ko &&
        busy rust_export &&
        rmmod stack_c_only &&
        rmmod rust_export
}

# The kernel waits for a module's `init`, so no importer sees one that has failed.
a_lower_one_that_fails() { ! insmod fails.ko && ! insmod rust_import.ko && ! grep rust_ /proc/modules; }

the_same_interface() {
    insmod body.ko && insmod rust_import.ko && rmmod rust_import && rmmod rust_export
}

# modpost refuses these two: their `.modinfo` was changed.
gpl_only_symbols_are_not_for_a_proprietary_module() {
    insmod stack_lower.ko || exit 3
    ! insmod proprietary.ko || exit 4
    rmmod stack_lower
}

a_namespace_is_for_those_who_import_it() {
    insmod stack_lower.ko || exit 3
    ! insmod stranger.ko || exit 4
    rmmod stack_lower
}

references() {
    used() { grep -q "^stack_ref [0-9]* $1 " /proc/modules; }
    p=/sys/module/stack_ref/parameters/hold
    insmod stack_ref.ko && used 0 || exit 3
    echo 1 >$p && used 1 && busy stack_ref || exit 4
    echo 3 >$p && used 3 && busy stack_ref || exit 5
    echo 0 >$p && used 0 && rmmod stack_ref
}
