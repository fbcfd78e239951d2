// SPDX-License-Identifier: GPL-2.0-only

//! Gives every kernel's bindings the newest kernel's shape.
//!
//! The only Rust file that knows kernels differ. Each difference is one `cfg(has_…)` that a probe in
//! `rust/compat` decides.

#[cfg(not(has_errname))]
mod error_names {
    use crate::bindings_raw::*;

    macro_rules! names {
        ($($name:ident,)*) => {
            /// The numbers of the names.
            const ERRNOS: &[u16] = &[$($name as u16,)*];
            /// The names one after another, each with a NUL byte. A pointer to each would take more room.
            const NAMES: &[u8] = concat!($(stringify!($name), "\0",)*).as_bytes();
        };
    }

    #[rustfmt::skip]
    names! {
        EPERM, ENOENT, ESRCH, EINTR, EIO, ENXIO, E2BIG, ENOEXEC, EBADF, ECHILD, EAGAIN, ENOMEM,
        EACCES, EFAULT, ENOTBLK, EBUSY, EEXIST, EXDEV, ENODEV, ENOTDIR, EISDIR, EINVAL, ENFILE,
        EMFILE, ENOTTY, ETXTBSY, EFBIG, ENOSPC, ESPIPE, EROFS, EMLINK, EPIPE, EDOM, ERANGE, EDEADLK,
        ENAMETOOLONG, ENOLCK, ENOSYS, ENOTEMPTY, ELOOP, ENOMSG, EIDRM, ECHRNG, EL2NSYNC, EL3HLT,
        EL3RST, ELNRNG, EUNATCH, ENOCSI, EL2HLT, EBADE, EBADR, EXFULL, ENOANO, EBADRQC, EBADSLT,
        EBFONT, ENOSTR, ENODATA, ETIME, ENOSR, ENONET, ENOPKG, EREMOTE, ENOLINK, EADV, ESRMNT,
        ECOMM, EPROTO, EMULTIHOP, EDOTDOT, EBADMSG, EOVERFLOW, ENOTUNIQ, EBADFD, EREMCHG, ELIBACC,
        ELIBBAD, ELIBSCN, ELIBMAX, ELIBEXEC, EILSEQ, ERESTART, ESTRPIPE, EUSERS, ENOTSOCK,
        EDESTADDRREQ, EMSGSIZE, EPROTOTYPE, ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT,
        EOPNOTSUPP, EPFNOSUPPORT, EAFNOSUPPORT, EADDRINUSE, EADDRNOTAVAIL, ENETDOWN, ENETUNREACH,
        ENETRESET, ECONNABORTED, ECONNRESET, ENOBUFS, EISCONN, ENOTCONN, ESHUTDOWN, ETOOMANYREFS,
        ETIMEDOUT, ECONNREFUSED, EHOSTDOWN, EHOSTUNREACH, EALREADY, EINPROGRESS, ESTALE, EUCLEAN,
        ENOTNAM, ENAVAIL, EISNAM, EREMOTEIO, EDQUOT, ENOMEDIUM, EMEDIUMTYPE, ECANCELED, ENOKEY,
        EKEYEXPIRED, EKEYREVOKED, EKEYREJECTED, EOWNERDEAD, ENOTRECOVERABLE, ERFKILL, EHWPOISON,
        EFTYPE, ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ENOIOCTLCMD, ERESTART_RESTARTBLOCK,
        EPROBE_DEFER, EOPENSTALE, ENOPARAM, EBADHANDLE, ENOTSYNC, EBADCOOKIE, ENOTSUPP, ETOOSMALL,
        ESERVERFAULT, EBADTYPE, EJUKEBOX, EIOCBQUEUED, ERECALLCONFLICT, ENOGRACE,
    }

    /// Stands in for C's function of this name where modules cannot call it.
    ///
    /// # Safety
    ///
    /// None: it is unsafe because C's is.
    pub unsafe fn errname(err: ffi::c_int) -> *const ffi::c_char {
        ERRNOS
            .iter()
            .zip(NAMES.split_inclusive(|&byte| byte == 0))
            .find(|(&errno, _)| u32::from(errno) == err.unsigned_abs())
            .map_or(core::ptr::null(), |(_, name)| name.as_ptr())
    }
}
#[cfg(not(has_errname))]
pub use error_names::errname;

/// Names a static as modpost knows the tables of device IDs of a bus, in each kernel.
#[cfg(has_device_table_suffix)]
#[macro_export]
macro_rules! device_table {
    ($bus:literal, $name:ident, $table:item) => {
        #[unsafe(export_name = ::core::concat!("__mod_", $bus, "__", ::core::stringify!($name), "_device_table"))]
        $table
    };
}

/// Names a static as modpost knows the tables of device IDs of a bus, in each kernel.
#[cfg(has_device_table_plain)]
#[macro_export]
macro_rules! device_table {
    ($bus:literal, $name:ident, $table:item) => {
        #[unsafe(export_name = ::core::concat!("__mod_device_table__", $bus, "__", ::core::stringify!($name)))]
        $table
    };
}

/// Names a static as modpost knows the tables of device IDs of a bus, in each kernel.
#[cfg(not(any(has_device_table_suffix, has_device_table_plain)))]
#[macro_export]
macro_rules! device_table {
    ($bus:literal, $name:ident, $table:item) => {
        #[unsafe(export_name = ::core::concat!(
                    "__mod_device_table__", ::core::line!(), "__kmod_", ::core::module_path!(),
                    "__", $bus, "__", ::core::stringify!($name)
                ))]
        $table
    };
}

/// What a platform driver's `remove` returns.
#[cfg(has_platform_remove_int)]
pub type platform_removed_t = ffi::c_int;
/// The only value that it returns.
#[cfg(has_platform_remove_int)]
pub const PLATFORM_REMOVED: platform_removed_t = 0;
/// What a platform driver's `remove` returns.
#[cfg(not(has_platform_remove_int))]
pub type platform_removed_t = ();
/// The only value that it returns.
#[cfg(not(has_platform_remove_int))]
pub const PLATFORM_REMOVED: platform_removed_t = ();

/// What a client of serdev returns of how much it has taken.
#[cfg(has_serdev_receive_int)]
pub type serdev_received_t = ffi::c_int;
/// What a client of serdev returns of how much it has taken.
#[cfg(not(has_serdev_receive_int))]
pub type serdev_received_t = usize;

/// A platform device with a driver of its own, where there is no faux bus.
#[cfg(not(has_faux))]
mod faux {
    use crate::bindings_raw::*;
    use core::mem::offset_of;
    use core::ptr::{null, null_mut};

    /// Within a platform device.
    #[repr(C)]
    pub struct faux_device {
        pub dev: device,
    }

    /// Nobody has any.
    #[repr(C)]
    pub struct faux_device_ops {
        _none: [u8; 0],
    }

    /// A device and its driver.
    #[repr(C)]
    struct Pair {
        driver: platform_driver,
        device: *mut platform_device,
    }

    /// The pair of a device that has its driver.
    unsafe fn pair_of(device: *mut platform_device) -> *mut Pair {
        (*device)
            .dev
            .driver
            .cast::<Pair>()
            .byte_sub(offset_of!(platform_driver, driver))
    }

    /// Takes the one device, though another can be told to want this driver.
    unsafe extern "C" fn probe(device: *mut platform_device) -> ffi::c_int {
        if (*pair_of(device)).device == device {
            0
        } else {
            -(ENODEV as ffi::c_int)
        }
    }

    pub unsafe fn faux_device_create(
        name: *const ffi::c_char,
        parent: *mut device,
        _ops: *const faux_device_ops,
    ) -> *mut faux_device {
        let flags = GFP_KERNEL | __GFP_ZERO;
        let pair = krealloc_sized(
            null(),
            0,
            size_of::<Pair>(),
            align_of::<Pair>() as _,
            flags,
            -1,
        );
        let pair: *mut Pair = pair.cast();
        if pair.is_null() {
            return null_mut();
        }
        let driver = &raw mut (*pair).driver;
        // No other driver can have that name, nor take the device: the device asks for this one.
        (*driver).driver.name = kasprintf(GFP_KERNEL, c"faux-%s".as_ptr().cast(), name);
        (*driver).driver.suppress_bind_attrs = true;
        (*driver).driver.probe_type = PROBE_FORCE_SYNCHRONOUS;
        (*driver).probe = Some(probe);
        let device = platform_device_alloc(name, PLATFORM_DEVID_NONE);
        (*pair).device = device;
        if (*driver).driver.name.is_null() || device.is_null() {
            platform_device_put(device);
            return free(pair);
        }
        (*device).dev.parent = parent;
        if platform_set_driver_override(device, (*driver).driver.name) != 0
            || platform_driver_register(driver, null_mut(), null()) != 0
        {
            platform_device_put(device);
            return free(pair);
        }
        if platform_device_add(device) != 0 {
            platform_device_put(device);
            platform_driver_unregister(driver);
            return free(pair);
        }
        // The bus may be told not to look for drivers.
        if (*device).dev.driver.is_null() {
            let _ = device_attach(&raw mut (*device).dev);
        }
        if (*device).dev.driver.is_null() {
            platform_device_unregister(device);
            platform_driver_unregister(driver);
            return free(pair);
        }
        (&raw mut (*device).dev).cast()
    }

    unsafe fn free(pair: *mut Pair) -> *mut faux_device {
        kfree((*pair).driver.driver.name.cast());
        kfree(pair.cast());
        null_mut()
    }

    pub unsafe fn faux_device_destroy(faux: *mut faux_device) {
        let device: *mut platform_device = faux.byte_sub(offset_of!(platform_device, dev)).cast();
        let pair = pair_of(device);
        platform_device_unregister(device);
        platform_driver_unregister(&raw mut (*pair).driver);
        free(pair);
    }
}
#[cfg(not(has_faux))]
pub use faux::{faux_device, faux_device_create, faux_device_destroy, faux_device_ops};

#[cfg(not(has_system_percpu_wq))]
pub use crate::bindings_raw::system_wq as system_percpu_wq;

#[cfg(not(has_system_dfl_wq))]
pub use crate::bindings_raw::system_unbound_wq as system_dfl_wq;
