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

#[cfg(not(has_system_percpu_wq))]
pub use crate::bindings_raw::system_wq as system_percpu_wq;

#[cfg(not(has_system_dfl_wq))]
pub use crate::bindings_raw::system_unbound_wq as system_dfl_wq;
