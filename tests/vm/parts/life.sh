# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
#
# Loading and unloading of installed modules with kmod's tools; `$kmod` is their program.

# Functions, as busybox's shell would run its own modprobe for the plain name.
mkdir -p /kmod /etc/modprobe.d
for tool in depmod insmod lsmod modinfo modprobe rmmod; do
    ln -s "${kmod:?}" /kmod/$tool
done
depmod() { /kmod/depmod; }
insmod() { /kmod/insmod "$@"; }
lsmod() { /kmod/lsmod; }
modinfo() { /kmod/modinfo "$@"; }
modprobe() { /kmod/modprobe "$@"; }
rmmod() { /kmod/rmmod "$@"; }

loaded() { grep -q "^$1 " /proc/modules; }
gone() { ! loaded "$1" && test ! -e "/sys/module/$1"; }
# Succeeds if the command fails with status 1, as kmod's tools do.
is_refused() {
    "$@"
    test $? = 1
}
conf() { echo "$*" >>/etc/modprobe.d/test.conf; }
before() { rm -f /etc/modprobe.d/*; }

# Parts, in their order:

depmod_lists_the_modules() { depmod && sort /lib/modules/*/modules.dep && cat /lib/modules/*/modules.alias; }

modinfo_finds_by_name() { modinfo life_main && modinfo rust_minimal; }

modprobe_by_name_loads_xz() {
    modprobe life_main && loaded life_main && modprobe -r life_main && gone life_main
}

modprobe_by_name_loads_zstd() { modprobe rust_minimal && modprobe -r rust_minimal && gone rust_minimal; }

modprobe_by_alias() {
    modprobe ferrule:life-of-a-module && loaded life_main && modprobe -r life_main
}

modprobe_by_a_pci_device() {
    modprobe "$(cat /sys/bus/pci/devices/0000:00:08.0/modalias)" &&
        loaded rust_driver_pci &&
        modprobe -r rust_driver_pci
}

modprobe_by_an_acpi_device() {
    conf blacklist rust_debugfs
    modprobe "$(cat /sys/bus/platform/devices/LNUXBEEF:00/modalias)" && modprobe -r rust_driver_platform
}

options_of_modprobe_d_reach_the_parameters() {
    conf options life_main io=0x2f8 quiet
    modprobe ferrule:life && modprobe -r life_main
}

the_command_line_comes_after_modprobe_d() {
    conf options life_main io=1 quiet
    modprobe life_main io=0x2e8 && modprobe -r life_main
}

a_wrong_option_is_refused() {
    conf options life_main io=COM1
    is_refused modprobe life_main && gone life_main
}

an_unknown_option_is_ignored_with_a_line() { modprobe life_main irq=4 && modprobe -r life_main; }

a_blacklisted_alias_is_not_loaded() {
    conf blacklist life_main
    modprobe ferrule:life && gone life_main
}

modprobe_b_heeds_the_blacklist_for_names() {
    conf blacklist life_main
    modprobe -b life_main && gone life_main && modprobe life_main && modprobe -r life_main
}

softdeps_load_around_and_leave_in_reverse() {
    conf softdep life_main pre: rust_minimal post: rust_mixed
    modprobe life_main &&
        modprobe -r life_main &&
        gone life_main &&
        gone rust_minimal &&
        gone rust_mixed
}

a_missing_module_is_named() { is_refused modprobe life_of_brian; }

what_is_not_loaded_cannot_be_removed() { is_refused rmmod life_main; }

unloading_waits_for_work() { modprobe life_work && rmmod life_work && gone life_work; }

a_failing_init_waits_for_work() { is_refused modprobe life_work fails && gone life_work; }

# If the work was not waited for, it runs in the second that follows.
a_load_that_fails_before_init_waits_for_work_of_a_parameter() {
    is_refused modprobe life_work start=1 number=x &&
        gone life_work &&
        sleep 1 &&
        modprobe life_work &&
        rmmod life_work
}

# The writers hit each moment of the module's unloading, also those after it has waited for its work. What they start
# must have run before the module is gone.
unloading_under_a_flood_of_writes_leaves_nothing() {
    file=/sys/module/life_work/parameters/start
    for _ in 1 2 3; do
        while test ! -e /tmp/enough; do
            echo 1 >$file
            sleep 0.005
        done 2>/tmp/refused &
    done
    for _ in 1 2 3 4 5; do
        modprobe life_work
        sleep 0.2
        wait_for "test \$(dmesg | grep -c 'run 1') -gt 1" || exit 2
        rmmod life_work || exit 3
        dmesg -c >>/tmp/flood
    done
    touch /tmp/enough
    wait
    sleep 1
    gone life_work || exit 4
    dmesg -c >>/tmp/flood
    grep -E "BUG|Oops|general protection" /tmp/flood && exit 5
    started=$(grep -c "run 1" /tmp/flood)
    ended=$(grep -c "run 3" /tmp/flood)
    dropped=$(grep -c "work dropped" /tmp/flood)
    echo "flood: $((started > 5)) $((started - ended)) $((dropped - ended))"
    grep -om1 "No such device" /tmp/refused
}

unloading_waits_for_work_of_any_object_of_the_module() {
    modprobe life_two && rmmod life_two && gone life_two && sleep 1
}

a_failing_init_waits_for_work_of_any_object_of_the_module() {
    is_refused modprobe life_two fails && gone life_two && sleep 1
}

a_failing_init_returns_its_error_and_leaves_nothing() {
    for errno in 1 12 16 19; do
        is_refused modprobe life_fails errno=$errno && gone life_fails || exit 9
    done
    dmesg | grep -c dropped
}

a_module_that_failed_can_be_loaded_again() {
    modprobe life_fails && loaded life_fails && rmmod life_fails && gone life_fails
}

insmod_and_rmmod_take_a_file_and_a_name() {
    insmod /lib/modules/*/life/life_main.ko.xz io=0x3e8 && lsmod && rmmod life_main && gone life_main
}

a_tampered_crc_is_refused() { is_refused insmod /tampered.ko && gone life_main; }

# The parts that must be last: they leave a module that cannot be unloaded, or let only modules with the kernel's own
# signature be loaded.

unloading_waits_for_a_leaked_timer_and_says_so() {
    modprobe life_work leak
    rmmod life_work &
    wait_for "dmesg | grep -q 'unloading waits: '" && loaded life_work
}

unloading_waits_for_a_leaked_registration_and_says_so() {
    modprobe life_leaks
    rmmod life_leaks &
    wait_for "dmesg | grep -q 'unloading waits: '" && loaded life_leaks
}

# The task never ends, and neither do its stack and its module; the kernel goes on.
a_panic_leaves_what_its_stack_holds() {
    # Where it is 1, the kernel panics, as by BUG().
    echo 0 >/proc/sys/kernel/panic_on_oops
    modprobe life_panics &
    wait_for "dmesg | grep -q 'finds its text'" || exit 2
    task=$(grep -lx modprobe /proc/[0-9]*/comm)
    task=${task%/comm}
    kill -9 "${task#/proc/}"
    sleep 1
    grep -q '^State:.I' "$task/status" || exit 3
    cat /sys/kernel/debug/life_panics/text
    echo
    # C has counted the oops, of a thread of its own.
    wait_for "dmesg | grep -q 'Comm: rust_panic'" || exit 4
    # Other modules can be loaded.
    modprobe rust_minimal && modprobe -r rust_minimal && loaded life_panics
}

# Without lockdown, the parameter can be written.
lockdown_keeps_hardware_parameters_as_they_are() {
    file=/sys/module/life_fails/parameters/port
    modprobe life_fails port=1 && echo 2 >$file || exit 3
    mount -t securityfs none /sys/kernel/security
    echo integrity >/sys/kernel/security/lockdown || exit 4
    echo 3 >$file && exit 5
    grep -x 2 $file
}

signed_by_an_unknown_key_is_told_from_unsigned_and_both_refused() {
    echo 1 >/sys/module/module/parameters/sig_enforce || exit
    is_refused modprobe rust_minimal || exit
    dmesg -c
    is_refused insmod /life_main.ko
}
