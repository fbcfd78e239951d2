// SPDX-License-Identifier: GPL-2.0-only

//! The macros that print a message about a device.

/// What the macros below have in common: `dev_printk!(pr_info, dev, "...")`.
#[doc(hidden)]
#[macro_export]
macro_rules! dev_printk {
    ($method:ident, $dev:expr, $($arg:tt)*) => {
        // `match` keeps temporaries of the arguments alive until the call is over.
        match $crate::prelude::fmt!($($arg)*) {
            args => $crate::device::Device::$method($dev.as_ref(), args),
        }
    };
}

/// Prints at level emerg, after the names of the device's driver and of the device: the system is unusable.
///
/// The first argument is a device of any bus; the rest is as for [`pr_emerg!`](crate::pr_emerg).
/// Context: any. C: `dev_emerg()`.
///
/// # Examples
///
/// ```
/// fn example(dev: &kernel::device::Device) {
///     dev_emerg!(dev, "number {}\n", 1);
/// }
/// ```
#[macro_export]
macro_rules! dev_emerg {
    ($($f:tt)*) => {
        $crate::dev_printk!(pr_emerg, $($f)*)
    };
}

/// Prints at level alert, after the names of the device's driver and of the device: action must be taken immediately.
///
/// The first argument is a device of any bus; the rest is as for [`pr_alert!`](crate::pr_alert).
/// Context: any. C: `dev_alert()`.
///
/// # Examples
///
/// ```
/// fn example(dev: &kernel::device::Device) {
///     dev_alert!(dev, "number {}\n", 1);
/// }
/// ```
#[macro_export]
macro_rules! dev_alert {
    ($($f:tt)*) => {
        $crate::dev_printk!(pr_alert, $($f)*)
    };
}

/// Prints at level crit, after the names of the device's driver and of the device: critical conditions.
///
/// The first argument is a device of any bus; the rest is as for [`pr_crit!`](crate::pr_crit).
/// Context: any. C: `dev_crit()`.
///
/// # Examples
///
/// ```
/// fn example(dev: &kernel::device::Device) {
///     dev_crit!(dev, "number {}\n", 1);
/// }
/// ```
#[macro_export]
macro_rules! dev_crit {
    ($($f:tt)*) => {
        $crate::dev_printk!(pr_crit, $($f)*)
    };
}

/// Prints at level err, after the names of the device's driver and of the device: error conditions.
///
/// The first argument is a device of any bus; the rest is as for [`pr_err!`](crate::pr_err).
/// Context: any. C: `dev_err()`.
///
/// # Examples
///
/// ```
/// fn example(dev: &kernel::device::Device) {
///     dev_err!(dev, "number {}\n", 1);
/// }
/// ```
#[macro_export]
macro_rules! dev_err {
    ($($f:tt)*) => {
        $crate::dev_printk!(pr_err, $($f)*)
    };
}

/// Prints at level warning, after the names of the device's driver and of the device: warning conditions.
///
/// The first argument is a device of any bus; the rest is as for [`pr_warn!`](crate::pr_warn).
/// Context: any. C: `dev_warn()`.
///
/// # Examples
///
/// ```
/// fn example(dev: &kernel::device::Device) {
///     dev_warn!(dev, "number {}\n", 1);
/// }
/// ```
#[macro_export]
macro_rules! dev_warn {
    ($($f:tt)*) => {
        $crate::dev_printk!(pr_warn, $($f)*)
    };
}

/// Prints at level notice, after the names of the device's driver and of the device: normal but significant conditions.
///
/// The first argument is a device of any bus; the rest is as for [`pr_notice!`](crate::pr_notice).
/// Context: any. C: `dev_notice()`.
///
/// # Examples
///
/// ```
/// fn example(dev: &kernel::device::Device) {
///     dev_notice!(dev, "number {}\n", 1);
/// }
/// ```
#[macro_export]
macro_rules! dev_notice {
    ($($f:tt)*) => {
        $crate::dev_printk!(pr_notice, $($f)*)
    };
}

/// Prints at level info, after the names of the device's driver and of the device: informational.
///
/// The first argument is a device of any bus; the rest is as for [`pr_info!`](crate::pr_info).
/// Context: any. C: `dev_info()`.
///
/// # Examples
///
/// ```
/// fn example(dev: &kernel::device::Device) {
///     dev_info!(dev, "number {}\n", 1);
/// }
/// ```
#[macro_export]
macro_rules! dev_info {
    ($($f:tt)*) => {
        $crate::dev_printk!(pr_info, $($f)*)
    };
}

/// Prints at level debug, in code that is compiled with debug assertions; else it does nothing.
///
/// The arguments are compiled in any case. Context: any. C: `dev_dbg()`.
///
/// # Examples
///
/// ```
/// fn example(dev: &kernel::device::Device) {
///     dev_dbg!(dev, "number {}\n", 1);
/// }
/// ```
#[macro_export]
macro_rules! dev_dbg {
    ($($f:tt)*) => {
        $crate::dev_printk!(pr_dbg, $($f)*)
    };
}
