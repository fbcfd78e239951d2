// SPDX-License-Identifier: GPL-2.0-only

//! The lines that the parts of `tests/vm/parts/life.sh` and the kernel must print, in this order.

/// The expected lines of each part.
pub const CASES: &[(&str, &[&str])] = &[
    (
        "depmod_lists_the_modules",
        &[
            "life/life_main.ko.xz:",
            "samples/rust_minimal.ko.zst:",
            "alias ferrule:life* life_main",
        ],
    ),
    (
        "modinfo_finds_by_name",
        &[
            "/life/life_main.ko.xz",
            "alias:          ferrule:life*",
            "parm:           io:A number (u32)",
            super::SIGNER,
        ],
    ),
    (
        "modprobe_by_name_loads_xz",
        &["life_main: init, io=0x3f8 quiet=false", "life_main: exit"],
    ),
    (
        "modprobe_by_name_loads_zstd",
        &[
            "rust_minimal: Rust minimal sample (init)",
            "rust_minimal: Rust minimal sample (exit)",
        ],
    ),
    (
        "modprobe_by_alias",
        &["life_main: init, io=0x3f8 quiet=false", "life_main: exit"],
    ),
    (
        "modprobe_by_a_pci_device",
        &[
            "rust_driver_pci 0000:00:08.0: REDHAT 0x5: 4 writes",
            "rust_driver_pci 0000:00:08.0: goodbye",
        ],
    ),
    (
        "modprobe_by_an_acpi_device",
        &["rust_driver_platform LNUXBEEF:00: found by ACPI, info: 42"],
    ),
    (
        "options_of_modprobe_d_reach_the_parameters",
        &["life_main: init, io=0x2f8 quiet=true"],
    ),
    (
        "the_command_line_comes_after_modprobe_d",
        &["life_main: init, io=0x2e8 quiet=true"],
    ),
    (
        "a_wrong_option_is_refused",
        &[
            "could not insert 'life_main': Invalid argument",
            "life_main: `COM1' invalid for parameter `io'",
        ],
    ),
    (
        "an_unknown_option_is_ignored_with_a_line",
        &[
            "life_main: unknown parameter 'irq' ignored",
            "life_main: init",
        ],
    ),
    ("a_blacklisted_alias_is_not_loaded", &[]),
    (
        "modprobe_b_heeds_the_blacklist_for_names",
        &["life_main: init"],
    ),
    (
        "softdeps_load_around_and_leave_in_reverse",
        &[
            "rust_minimal: Rust minimal sample (init)",
            "life_main: init",
            "rust_mixed: ",
            "rust_mixed: ",
            "life_main: exit",
            "rust_minimal: Rust minimal sample (exit)",
        ],
    ),
    (
        "a_missing_module_is_named",
        &["modprobe: FATAL: Module life_of_brian not found in directory /lib/modules/"],
    ),
    (
        "what_is_not_loaded_cannot_be_removed",
        &["rmmod: ERROR: Module life_main is not currently loaded"],
    ),
    (
        "unloading_waits_for_work",
        &[
            "life_work: exit",
            "life_work: run 1",
            "life_work: run 2",
            "life_work: run 3",
            "life_work: work dropped",
        ],
    ),
    (
        "a_failing_init_waits_for_work",
        &[
            "No such device",
            "life_work: run 1",
            "life_work: run 2",
            "life_work: run 3",
            "life_work: work dropped",
        ],
    ),
    (
        "a_load_that_fails_before_init_waits_for_work_of_a_parameter",
        &[
            "could not insert 'life_work': Invalid argument",
            "life_work: `x' invalid for parameter `number'",
            "life_work: run 1",
            "life_work: run 2",
            "life_work: run 3",
            "life_work: work dropped",
            "life_work: exit",
        ],
    ),
    (
        "unloading_under_a_flood_of_writes_leaves_nothing",
        &["flood: 1 0 0", "No such device"],
    ),
    (
        "unloading_waits_for_work_of_any_object_of_the_module",
        &[
            "life_two: exit, started: true",
            "life_two: run 1",
            "life_two: run 2",
            "life_two: run 3",
        ],
    ),
    (
        "a_failing_init_waits_for_work_of_any_object_of_the_module",
        &[
            "No such device",
            "life_two: run 1",
            "life_two: run 2",
            "life_two: run 3",
        ],
    ),
    (
        "a_failing_init_returns_its_error_and_leaves_nothing",
        &[
            "could not insert 'life_fails': Operation not permitted",
            "could not insert 'life_fails': Cannot allocate memory",
            "could not insert 'life_fails': Device or resource busy",
            "could not insert 'life_fails': No such device",
            "8",
            "life_fails: first made",
            "life_fails: second made",
            "life_fails: second dropped",
            "life_fails: first dropped",
        ],
    ),
    (
        "a_module_that_failed_can_be_loaded_again",
        &[
            "life_fails: second made",
            "life_fails: second dropped",
            "life_fails: first dropped",
        ],
    ),
    (
        "insmod_and_rmmod_take_a_file_and_a_name",
        &[
            "life_main",
            "life_main: init, io=0x3e8 quiet=false",
            "life_main: exit",
        ],
    ),
];

/// The part for kernels with MODVERSIONS only.
pub const TAMPERED: (&str, &[&str]) = (
    "a_tampered_crc_is_refused",
    &[
        "could not insert module /tampered.ko: Invalid parameters",
        "life_main: disagrees about version of symbol _printk",
    ],
);

/// The parts that must be last: they leave a module that cannot be unloaded, or let only modules with the kernel's own
/// signature be loaded.
pub const LAST: &[(&str, &[&str])] = &[
    (
        "unloading_waits_for_a_leaked_timer_and_says_so",
        &["life_work: exit", "life_work: unloading waits: "],
    ),
    (
        "unloading_waits_for_a_leaked_registration_and_says_so",
        &["life_leaks: exit", "life_leaks: unloading waits: "],
    ),
    (
        "a_panic_leaves_what_its_stack_holds",
        &[
            "[85, 85, 85, 85, 85, 85, 85, 85, 85, 85, 85, 85, 85, 85, 85, 85, ",
            "life_panics: panicked at ",
            "64 bytes stay on the stack",
            "BUG: Rust code has panicked: the task sleeps for good",
            "life_panics: the timer finds its text: true",
        ],
    ),
    (
        "lockdown_keeps_hardware_parameters_as_they_are",
        &[
            "write error: Operation not permitted",
            "2",
            "life_fails: second made",
            "Lockdown: ",
        ],
    ),
    (
        "signed_by_an_unknown_key_is_told_from_unsigned_and_both_refused",
        &[
            "could not insert 'rust_minimal': Key was rejected by service",
            "Loading of module with unavailable key is rejected",
            "could not insert module /life_main.ko: Key was rejected by service",
            "Loading of unsigned module is rejected",
        ],
    ),
];
