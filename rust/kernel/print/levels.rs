// SPDX-License-Identifier: GPL-2.0-only

//! The macros that print.

/// Prints at level emerg: the system is unusable.
///
/// Formats as [`format!`] does, and needs the line feed at the end. Context: any.
/// C: `pr_emerg()`.
///
/// [`format!`]: https://doc.rust-lang.org/std/macro.format.html
///
/// # Examples
///
/// ```
/// pr_emerg!("hello {}\n", "there");
/// ```
#[macro_export]
macro_rules! pr_emerg {
    ($($arg:tt)*) => {
        $crate::print_macro!(EMERG, $($arg)*)
    };
}

/// Prints at level alert: action must be taken immediately.
///
/// Formats as [`format!`] does, and needs the line feed at the end. Context: any.
/// C: `pr_alert()`.
///
/// [`format!`]: https://doc.rust-lang.org/std/macro.format.html
///
/// # Examples
///
/// ```
/// pr_alert!("hello {}\n", "there");
/// ```
#[macro_export]
macro_rules! pr_alert {
    ($($arg:tt)*) => {
        $crate::print_macro!(ALERT, $($arg)*)
    };
}

/// Prints at level crit: critical conditions.
///
/// Formats as [`format!`] does, and needs the line feed at the end. Context: any.
/// C: `pr_crit()`.
///
/// [`format!`]: https://doc.rust-lang.org/std/macro.format.html
///
/// # Examples
///
/// ```
/// pr_crit!("hello {}\n", "there");
/// ```
#[macro_export]
macro_rules! pr_crit {
    ($($arg:tt)*) => {
        $crate::print_macro!(CRIT, $($arg)*)
    };
}

/// Prints at level err: error conditions.
///
/// Formats as [`format!`] does, and needs the line feed at the end. Context: any.
/// C: `pr_err()`.
///
/// [`format!`]: https://doc.rust-lang.org/std/macro.format.html
///
/// # Examples
///
/// ```
/// pr_err!("hello {}\n", "there");
/// ```
#[macro_export]
macro_rules! pr_err {
    ($($arg:tt)*) => {
        $crate::print_macro!(ERR, $($arg)*)
    };
}

/// Prints at level warning: warning conditions.
///
/// Formats as [`format!`] does, and needs the line feed at the end. Context: any.
/// C: `pr_warn()`.
///
/// [`format!`]: https://doc.rust-lang.org/std/macro.format.html
///
/// # Examples
///
/// ```
/// pr_warn!("hello {}\n", "there");
/// ```
#[macro_export]
macro_rules! pr_warn {
    ($($arg:tt)*) => {
        $crate::print_macro!(WARNING, $($arg)*)
    };
}

/// Prints at level notice: normal but significant conditions.
///
/// Formats as [`format!`] does, and needs the line feed at the end. Context: any.
/// C: `pr_notice()`.
///
/// [`format!`]: https://doc.rust-lang.org/std/macro.format.html
///
/// # Examples
///
/// ```
/// pr_notice!("hello {}\n", "there");
/// ```
#[macro_export]
macro_rules! pr_notice {
    ($($arg:tt)*) => {
        $crate::print_macro!(NOTICE, $($arg)*)
    };
}

/// Prints at level info: informational.
///
/// Formats as [`format!`] does, and needs the line feed at the end. Context: any.
/// C: `pr_info()`.
///
/// [`format!`]: https://doc.rust-lang.org/std/macro.format.html
///
/// # Examples
///
/// ```
/// pr_info!("hello {}\n", "there");
/// ```
#[macro_export]
macro_rules! pr_info {
    ($($arg:tt)*) => {
        $crate::print_macro!(INFO, $($arg)*)
    };
}

/// Prints at level debug, in code that is compiled with debug assertions; else it does nothing.
///
/// The arguments are compiled in any case. Context: any. C: `pr_debug()`.
///
/// # Examples
///
/// ```
/// pr_debug!("state {:?}\n", Some(1));
/// ```
#[macro_export]
macro_rules! pr_debug {
    ($($arg:tt)*) => {
        if ::core::cfg!(debug_assertions) {
            $crate::print_macro!(DEBUG, $($arg)*)
        }
    };
}

/// Goes on with the last message, if it had no line feed at its end.
///
/// Another message may have come in between: then this becomes a message of its own. Better print
/// whole lines. Context: any. C: `pr_cont()`.
///
/// # Examples
///
/// ```
/// use kernel::pr_cont;
///
/// pr_info!("one");
/// pr_cont!(", two\n");
/// ```
#[macro_export]
macro_rules! pr_cont {
    ($($arg:tt)*) => {
        match $crate::prelude::fmt!($($arg)*) {
            args => $crate::print::call_printk_cont(args),
        }
    };
}

/// Prints the first time that this place is reached, as [`pr_emerg!`] does. C: `pr_emerg_once()`.
#[macro_export]
macro_rules! pr_emerg_once {
    ($($arg:tt)*) => {
        $crate::do_once_lite! { $crate::pr_emerg!($($arg)*) }
    };
}

/// Prints the first time that this place is reached, as [`pr_alert!`] does. C: `pr_alert_once()`.
#[macro_export]
macro_rules! pr_alert_once {
    ($($arg:tt)*) => {
        $crate::do_once_lite! { $crate::pr_alert!($($arg)*) }
    };
}

/// Prints the first time that this place is reached, as [`pr_crit!`] does. C: `pr_crit_once()`.
#[macro_export]
macro_rules! pr_crit_once {
    ($($arg:tt)*) => {
        $crate::do_once_lite! { $crate::pr_crit!($($arg)*) }
    };
}

/// Prints the first time that this place is reached, as [`pr_err!`] does. C: `pr_err_once()`.
#[macro_export]
macro_rules! pr_err_once {
    ($($arg:tt)*) => {
        $crate::do_once_lite! { $crate::pr_err!($($arg)*) }
    };
}

/// Prints the first time that this place is reached, as [`pr_warn!`] does. C: `pr_warn_once()`.
#[macro_export]
macro_rules! pr_warn_once {
    ($($arg:tt)*) => {
        $crate::do_once_lite! { $crate::pr_warn!($($arg)*) }
    };
}

/// Prints the first time that this place is reached, as [`pr_notice!`] does. C: `pr_notice_once()`.
#[macro_export]
macro_rules! pr_notice_once {
    ($($arg:tt)*) => {
        $crate::do_once_lite! { $crate::pr_notice!($($arg)*) }
    };
}

/// Prints the first time that this place is reached, as [`pr_info!`] does. C: `pr_info_once()`.
#[macro_export]
macro_rules! pr_info_once {
    ($($arg:tt)*) => {
        $crate::do_once_lite! { $crate::pr_info!($($arg)*) }
    };
}

/// Prints the first time that this place is reached, as [`pr_debug!`] does. C: `pr_debug_once()`.
#[macro_export]
macro_rules! pr_debug_once {
    ($($arg:tt)*) => {
        if ::core::cfg!(debug_assertions) {
            $crate::do_once_lite! { $crate::pr_debug!($($arg)*) };
        }
    };
}
